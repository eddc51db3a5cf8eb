//! Numbers as LEB128, signed ones zigzagged before; texts and instants made of them.

use std::time::Duration;

use counterfoil_core::Timestamp;

use super::{DecodeError, Result};

/// Bytes that are being written.
#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte(low_seven(value) | 0x80);
            value >>= 7;
        }
        self.byte(low_seven(value));
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        self.number(u64::try_from(text.len()).unwrap_or(u64::MAX));
        self.raw(text);
    }

    /// An instant by its distance from another, which is short.
    pub(super) fn instant(&mut self, instant: Timestamp, base: Timestamp) {
        let distance = instant.millis() - base.millis();
        self.number((distance << 1 ^ distance >> 63).cast_unsigned());
    }

    /// Nearly all durations are whole seconds.
    pub(super) fn duration(&mut self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX >> 1).min(u64::MAX >> 1);
        if millis % 1000 == 0 {
            self.number((millis / 1000) << 1);
        } else {
            self.number(millis << 1 | 1);
        }
    }
}

fn low_seven(value: u64) -> u8 {
    u8::try_from(value & 0x7F).unwrap_or(0)
}

/// Bytes that are being read.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn byte(&mut self) -> Result<u8> {
        let (first, rest) = self.0.split_first().ok_or(DecodeError::Corrupt("it ends too early"))?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn raw(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) =
            self.0.split_at_checked(length).ok_or(DecodeError::Corrupt("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(DecodeError::Corrupt("it ends too early"))?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn number(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::Corrupt("a number of more than 64 bits"))
    }

    pub(super) fn text(&mut self) -> Result<&'a [u8]> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        self.raw(length)
    }

    pub(super) fn string(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.text()?).map_err(|_| DecodeError::Corrupt("a text"))
    }

    pub(super) fn instant(&mut self, base: Timestamp) -> Result<Timestamp> {
        let number = self.number()?;
        let distance = (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
        let millis = base.millis().checked_add(distance).ok_or(DecodeError::Corrupt("an instant"))?;
        Ok(Timestamp::from_millis(millis))
    }

    pub(super) fn duration(&mut self) -> Result<Duration> {
        let number = self.number()?;
        let value = number >> 1;
        Ok(if number & 1 == 0 { Duration::from_secs(value) } else { Duration::from_millis(value) })
    }

    pub(super) fn end(&self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(DecodeError::Corrupt("it goes on after its end")) }
    }
}
