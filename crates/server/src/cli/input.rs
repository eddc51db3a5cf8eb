//! What is asked of people: passwords, from a prompt or standard input, never from an argument.

use std::io::{BufRead as _, IsTerminal as _, Read as _};

use zeroize::Zeroizing;

use super::Failure;

/// The longest line that is taken for a password.
const MAX_LINE: u64 = 4096;

/// A new password: one line of standard input, or typed twice.
pub(crate) fn new_password(from_stdin: bool) -> Result<Zeroizing<String>, Failure> {
    if from_stdin {
        return first_line();
    }
    if !std::io::stdin().is_terminal() {
        return Err(
            anyhow::anyhow!("there is no terminal to ask for a password at: say --password-stdin").into()
        );
    }
    let first = Zeroizing::new(rpassword::prompt_password("Password: ")?);
    let second = Zeroizing::new(rpassword::prompt_password("Once more: ")?);
    if first != second {
        return Err(anyhow::anyhow!("the two passwords differ").into());
    }
    Ok(first)
}

fn first_line() -> Result<Zeroizing<String>, Failure> {
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().lock().take(MAX_LINE).read_line(&mut line)?;
    let password = line.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        return Err(anyhow::anyhow!("standard input has no password in its first line").into());
    }
    Ok(Zeroizing::new(password.to_owned()))
}
