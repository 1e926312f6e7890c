//! Passwords: argon2id hashes, their check, and what a password must be.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};

use crate::Error;

/// The least number of characters: without a second factor, NIST SP 800-63B and OWASP ASVS 5 (6.2.1) ask for 15.
pub const LEAST_CHARACTERS: usize = 15;
/// The most bytes; longer ones would only cost time.
pub const MOST_BYTES: usize = 1000;

/// Hashes a new password with argon2id at OWASP's parameters (19 MiB, 2 passes). Takes tens of milliseconds.
///
/// # Errors
/// [`Error::BadRequest`] when the password is too short, too long or too easy to guess.
pub fn hash(password: &str) -> Result<String, Error> {
    check(password)?;
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(Error::internal)?;
    Ok(hash.to_string())
}

/// Checks a password. Without a hash, as for an unknown user, it takes the same time and answers no.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    // A hash of a random password that nobody knows, with the parameters of `hash`.
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$gTn1m0n8Bz4wG5m2C0y0Xg$E1Xo1w9Ap1bM1V7mJc3nCVl8rE4cYcXqk0e4i0sXo9c";
    if password.len() > MOST_BYTES {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else { return false };
    let matches = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    matches && hash.is_some()
}

fn check(password: &str) -> Result<(), Error> {
    let refuse = |text: String| Err(Error::BadRequest(text));
    if password.chars().count() < LEAST_CHARACTERS {
        return refuse(format!("the password needs at least {LEAST_CHARACTERS} characters"));
    }
    if password.len() > MOST_BYTES {
        return refuse(format!("the password may have at most {MOST_BYTES} bytes"));
    }
    let lower = password.to_lowercase();
    let distinct = lower.chars().collect::<std::collections::HashSet<_>>().len();
    let obvious = ["password", "tollgate", "qwerty", "12345", "letmein", "stripe"];
    let rest = obvious.iter().fold(lower, |text, word| text.replace(word, ""));
    if distinct < 5 || rest.chars().count() < 8 {
        return refuse("the password is too easy to guess: use several unrelated words".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_verifies_only_against_its_own_hash() {
        let hash = hash("correct horse battery").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("correct horse battery", Some(&hash)));
        assert!(!verify("correct horse batterY", Some(&hash)));
        assert!(!verify("correct horse battery", None));
        assert!(!verify("correct horse battery", Some("no hash at all")));
    }

    #[test]
    fn the_hash_for_nobody_is_well_formed_so_that_it_costs_the_same() {
        let started = std::time::Instant::now();
        assert!(!verify("any password at all", None));
        assert!(started.elapsed() > std::time::Duration::from_millis(2));
    }

    #[test]
    fn weak_passwords_are_refused_with_a_reason() {
        for password in ["", "short", "aaaaaaaaaaaaaaaaaaaa", "passwordpassword12345", &"x".repeat(2000)] {
            assert!(matches!(hash(password), Err(Error::BadRequest(_))), "{password:.20}");
        }
    }
}
