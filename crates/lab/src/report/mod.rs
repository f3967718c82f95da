//! A drill for people, programs and change boards.
