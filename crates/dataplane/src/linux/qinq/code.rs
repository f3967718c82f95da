//! Instructions of a BPF program, put together here so that no compiler is needed, neither to build nor to run.
//!
//! An instruction is eight bytes: what is done, two registers, a distance, a number. What a program jumps to comes behind the jump and
//! has a [`Label`].

/// A register. R0 is what a function gave and what the program gives, R1 to R5 are given to functions and lost to them,
/// R6 to R9 are kept, and below R10 is memory of the program's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum R {
    R0,
    R1,
    R2,
    R3,
    R4,
    R5,
    R6,
    R7,
    R8,
    R9,
    R10,
}

/// A function of the kernel (bpf-helpers(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    /// R1 a map, R2 a key: the value, or zero.
    Lookup = 1,
    /// R1 the packet, R2 a protocol, R3 a value: one tag more.
    PushTag = 18,
    /// R1 the packet: one tag less.
    PopTag = 19,
    /// R1 an interface, R2 flags: what sends the packet out by it.
    Redirect = 23,
    /// The same, and the packet arrives at the other end of the pair at once.
    RedirectPeer = 155,
}

/// A place that jumps lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label(usize);

/// A program in the making.
#[derive(Debug, Default)]
pub(super) struct Code {
    instructions: Vec<[u8; 8]>,
    /// Jumps whose distance is still to be written, and where to.
    jumps: Vec<(usize, Label)>,
    /// Where the labels are.
    places: Vec<usize>,
}

/// Sizes of what is read and written.
const U32: u8 = 0x00;
const U16: u8 = 0x08;

impl Code {
    /// The instructions.
    pub(super) fn finish(mut self) -> Vec<[u8; 8]> {
        for (at, Label(label)) in self.jumps {
            let to = self.places.get(label).copied().unwrap_or(at);
            // Counted from the instruction behind the jump; programs here are short.
            let distance = i16::try_from(to.saturating_sub(at + 1)).unwrap_or(i16::MAX);
            if let Some(bytes) = self.instructions.get_mut(at) {
                bytes[2..4].copy_from_slice(&distance.to_ne_bytes());
            }
        }
        self.instructions
    }

    /// A label that jumps may name before it is [placed](Self::place).
    pub(super) fn label(&mut self) -> Label {
        self.places.push(usize::MAX);
        Label(self.places.len() - 1)
    }

    /// The label is here.
    pub(super) fn place(&mut self, label: Label) {
        let here = self.instructions.len();
        if let Some(place) = self.places.get_mut(label.0) {
            *place = here;
        }
    }

    /// `to = number`.
    pub(super) fn set(&mut self, to: R, number: i32) {
        self.put(0xb7, to, R::R0, 0, number);
    }

    /// `to = from`.
    pub(super) fn copy(&mut self, to: R, from: R) {
        self.put(0xbf, to, from, 0, 0);
    }

    /// `to += number`.
    pub(super) fn add(&mut self, to: R, number: i32) {
        self.put(0x07, to, R::R0, 0, number);
    }

    /// `to &= number`, of 32 bits.
    pub(super) fn and(&mut self, to: R, number: i32) {
        self.put(0x54, to, R::R0, 0, number);
    }

    /// `to |= number`, of 32 bits.
    pub(super) fn or(&mut self, to: R, number: i32) {
        self.put(0x44, to, R::R0, 0, number);
    }

    /// `to |= from`, of 32 bits.
    pub(super) fn or_with(&mut self, to: R, from: R) {
        self.put(0x4c, to, from, 0, 0);
    }

    /// `to <<= bits`, of 32 bits.
    pub(super) fn shift_left(&mut self, to: R, bits: i32) {
        self.put(0x64, to, R::R0, 0, bits);
    }

    /// `to >>= bits`, of 32 bits.
    pub(super) fn shift_right(&mut self, to: R, bits: i32) {
        self.put(0x74, to, R::R0, 0, bits);
    }

    /// `to = *(u32 *)(from + distance)`.
    pub(super) fn load32(&mut self, to: R, from: R, distance: i16) {
        self.put(0x61 | U32, to, from, distance, 0);
    }

    /// `to = *(u16 *)(from + distance)`.
    pub(super) fn load16(&mut self, to: R, from: R, distance: i16) {
        self.put(0x61 | U16, to, from, distance, 0);
    }

    /// `*(u32 *)(to + distance) = from`.
    pub(super) fn store32(&mut self, to: R, distance: i16, from: R) {
        self.put(0x63 | U32, to, from, distance, 0);
    }

    /// `*(u64 *)(to + distance) += from`, whatever other processors do meanwhile.
    pub(super) fn count64(&mut self, to: R, distance: i16, from: R) {
        self.put(0xdb, to, from, distance, 0);
    }

    /// Goes there if `value == number`.
    pub(super) fn if_is(&mut self, value: R, number: i32, label: Label) {
        self.jump(0x15, value, R::R0, number, label);
    }

    /// Goes there if `value != number`.
    pub(super) fn if_not(&mut self, value: R, number: i32, label: Label) {
        self.jump(0x55, value, R::R0, number, label);
    }

    /// Goes there if `one != other`.
    pub(super) fn if_differ(&mut self, one: R, other: R, label: Label) {
        self.jump(0x5d, one, other, 0, label);
    }

    /// Goes there if `one > other`.
    pub(super) fn if_beyond(&mut self, one: R, other: R, label: Label) {
        self.jump(0x2d, one, other, 0, label);
    }

    /// Calls a function.
    pub(super) fn call(&mut self, function: Function) {
        self.put(0x85, R::R0, R::R0, 0, function as i32);
    }

    /// `R0 =` where the map of a descriptor has the value of a key, or nothing. The key is kept below the stack's end, and
    /// R1 to R5 are lost.
    pub(super) fn look_up(&mut self, descriptor: i32, key: R) {
        self.store32(R::R10, -4, key);
        self.map(descriptor);
        self.copy(R::R2, R::R10);
        self.add(R::R2, -4);
        self.call(Function::Lookup);
    }

    /// `R1 =` the map of a descriptor, which the kernel puts there when it takes the program.
    fn map(&mut self, descriptor: i32) {
        /// In the place of a register: the number is a descriptor.
        const DESCRIPTOR: u8 = 1;
        self.raw(0x18, R::R1 as u8, DESCRIPTOR, 0, descriptor);
        self.raw(0, 0, 0, 0, 0);
    }

    /// Ends with what is in R0.
    pub(super) fn exit(&mut self) {
        self.put(0x95, R::R0, R::R0, 0, 0);
    }

    fn jump(&mut self, what: u8, one: R, other: R, number: i32, label: Label) {
        self.jumps.push((self.instructions.len(), label));
        self.put(what, one, other, 0, number);
    }

    fn put(&mut self, what: u8, to: R, from: R, distance: i16, number: i32) {
        self.raw(what, to as u8, from as u8, distance, number);
    }

    fn raw(&mut self, what: u8, to: u8, from: u8, distance: i16, number: i32) {
        // Two fields of four bits, in the order of the machine.
        let registers = if cfg!(target_endian = "little") { from << 4 | to } else { to << 4 | from };
        let [d0, d1] = distance.to_ne_bytes();
        let [n0, n1, n2, n3] = number.to_ne_bytes();
        self.instructions.push([what, registers, d0, d1, n0, n1, n2, n3]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_leads_to_what_comes_behind_it() {
        let mut code = Code::default();
        let end = code.label();
        code.set(R::R0, -1);
        code.if_is(R::R0, 7, end);
        code.map(5);
        code.place(end);
        code.exit();
        let made = code.finish();
        // What an instruction behind the jump is skipped: two, since naming a map takes two.
        assert_eq!(i16::from_ne_bytes([made[1][2], made[1][3]]), 2);
        assert_eq!(made.len(), 5);
        assert_eq!(made[0][4..], (-1_i32).to_ne_bytes());
        assert_eq!((made[2][0], made[4][0]), (0x18, 0x95));
    }
}
