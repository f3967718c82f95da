//! Flow records in Parquet, as data lakes and the clouds' log exports keep them.
//!
//! The columns have the names that tables have ([`Column::of`]); those that none of them is are never read. A row group is
//! read some thousand rows at a time, so memory does not grow with the file.

use ::m365::flow::{Column, Draft, Flow, Notes, Value};
use anyhow::{Context, ensure};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{AsBytes, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::fs::File;
use std::net::IpAddr;

/// Rows that are put together at once.
const ROWS: usize = 4096;

/// Reads the records of a file; tells `read` of the bytes that were used up. A row group that is damaged is told, and
/// those behind it go on.
///
/// # Errors
///
/// It is no whole Parquet file, its columns are no flow record's, or nobody takes its records.
pub(super) fn read(
    file: File,
    notes: &mut Notes,
    damaged: &mut Vec<String>,
    sink: &mut dyn FnMut(&Flow) -> anyhow::Result<()>,
    read: &mut dyn FnMut(u64),
) -> anyhow::Result<()> {
    let file = SerializedFileReader::new(file)
        .context("no whole Parquet file: what says where its records lie stands at its end")?;
    let schema = file.metadata().file_metadata().schema_descr();
    let columns: Vec<(usize, Column, Unit)> = schema
        .columns()
        .iter()
        .enumerate()
        .filter(|(_, column)| column.max_rep_level() == 0)
        .filter_map(|(index, column)| Some((index, Column::of(column.name())?, Unit::of(column))))
        .collect();
    let has = |wanted| columns.iter().any(|(_, column, _)| *column == wanted);
    ensure!(
        has(Column::Source) && has(Column::Destination) && has(Column::Bytes),
        "its columns are {}; wanted some that name addresses and bytes, like `srcaddr`, `dstaddr` and `bytes`",
        schema.columns().iter().map(|column| column.name()).take(20).collect::<Vec<_>>().join(", ")
    );
    let mut row = 0u64;
    for number in 0..file.num_row_groups() {
        let group = file.get_row_group(number)?;
        let (rows, bytes) = (group.metadata().num_rows(), group.metadata().compressed_size());
        let open = columns.iter().map(|(index, column, unit)| {
            Ok((group.get_column_reader(*index)?, *column, *unit, schema.column(*index).max_def_level()))
        });
        let mut left = usize::try_from(rows).unwrap_or(0);
        let mut readers = match open.collect::<Result<Vec<_>, ParquetError>>() {
            Ok(readers) => readers,
            Err(error) => {
                damaged.push(format!("row group {}: {error}; its {left} rows are left out", number + 1));
                continue;
            }
        };
        while left > 0 {
            let mut drafts = vec![Draft::default(); left.min(ROWS)];
            let filled = readers
                .iter_mut()
                .try_for_each(|(reader, column, unit, levels)| fill(reader, &mut drafts, *column, *unit, *levels));
            if let Err(error) = filled {
                damaged.push(format!("row group {}: {error}; its last {left} rows are left out", number + 1));
                break;
            }
            for draft in &drafts {
                row += 1;
                match draft.finish() {
                    Ok((flow, back)) => {
                        sink(&flow)?;
                        if let Some(back) = back {
                            sink(&back)?;
                        }
                    }
                    Err(note) => notes.add(note, || format!("row {row}")),
                }
            }
            left -= drafts.len();
        }
        read(u64::try_from(bytes).unwrap_or(0));
    }
    Ok(())
}

/// What a whole number of a column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Itself.
    One,
    /// Itself, without a sign.
    Unsigned,
    /// So many parts of a second since 1970.
    Second(i64),
}

impl Unit {
    fn of(column: &ColumnDescriptor) -> Self {
        match (column.logical_type_ref(), column.converted_type()) {
            (Some(LogicalType::Timestamp(time)), _) => Self::Second(match time.unit {
                TimeUnit::MILLIS => 1_000,
                TimeUnit::MICROS => 1_000_000,
                TimeUnit::NANOS => 1_000_000_000,
            }),
            (_, ConvertedType::TIMESTAMP_MILLIS) => Self::Second(1_000),
            (_, ConvertedType::TIMESTAMP_MICROS) => Self::Second(1_000_000),
            (_, ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32) => Self::Unsigned,
            _ => Self::One,
        }
    }

    fn value(self, number: i64) -> Value<'static> {
        match self {
            Self::One | Self::Unsigned => Value::Number(number),
            Self::Second(parts) => Value::Time(number.div_euclid(parts / 1000)),
        }
    }
}

/// Reads as many rows of a column as there are drafts, and sets it in each. `whole` is the level at which a value is there
/// (0 when it always is).
fn fill(
    reader: &mut ColumnReader,
    drafts: &mut [Draft],
    column: Column,
    unit: Unit,
    whole: i16,
) -> Result<(), ParquetError> {
    let set = |draft: &mut Draft, value: Value<'_>| draft.set(column, value);
    match reader {
        ColumnReader::BoolColumnReader(reader) => each(reader, drafts, whole, |_, _| {}),
        ColumnReader::Int32ColumnReader(reader) => each(reader, drafts, whole, |draft, number: &i32| {
            let number = if unit == Unit::Unsigned { i64::from(number.cast_unsigned()) } else { i64::from(*number) };
            set(draft, unit.value(number));
        }),
        ColumnReader::Int64ColumnReader(reader) => {
            each(reader, drafts, whole, |draft, number: &i64| set(draft, unit.value(*number)))
        }
        ColumnReader::Int96ColumnReader(reader) => {
            each(reader, drafts, whole, |draft, time| set(draft, Value::Time(time.to_millis())))
        }
        ColumnReader::FloatColumnReader(reader) => {
            each(reader, drafts, whole, |draft, number| set(draft, Value::Text(number.to_string().as_bytes())))
        }
        ColumnReader::DoubleColumnReader(reader) => {
            each(reader, drafts, whole, |draft, number| set(draft, Value::Text(number.to_string().as_bytes())))
        }
        ColumnReader::ByteArrayColumnReader(reader) => {
            each(reader, drafts, whole, |draft, text| set(draft, Value::Text(text.as_bytes())))
        }
        ColumnReader::FixedLenByteArrayColumnReader(reader) => each(reader, drafts, whole, |draft, bytes| {
            let bytes = bytes.as_bytes();
            let v6 = || <[u8; 16]>::try_from(bytes).map(IpAddr::from);
            match <[u8; 4]>::try_from(bytes).map(IpAddr::from).or_else(|_| v6()) {
                Ok(address) => set(draft, Value::Address(address)),
                Err(_) => set(draft, Value::Text(bytes)),
            }
        }),
    }
}

/// Reads values of one type, each to its row; rows without one are left as they are.
fn each<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    drafts: &mut [Draft],
    whole: i16,
    mut set: impl FnMut(&mut Draft, &T::T),
) -> Result<(), ParquetError> {
    let (mut done, mut levels, mut values) = (0, Vec::new(), Vec::new());
    while done < drafts.len() {
        levels.clear();
        values.clear();
        let (rows, _, _) = reader.read_records(drafts.len() - done, Some(&mut levels), None, &mut values)?;
        if rows == 0 {
            return Err(ParquetError::General(format!("a column ends {} rows before the others", drafts.len() - done)));
        }
        let mut next = values.iter();
        for (row, draft) in drafts[done..].iter_mut().take(rows).enumerate() {
            let there = whole == 0 || levels.get(row).is_some_and(|level| *level == whole);
            if let Some(value) = there.then(|| next.next()).flatten() {
                set(draft, value);
            }
        }
        done += rows;
    }
    Ok(())
}
