//! Punycode, so far as a configuration needs it: to offer `xn--bcher-kva` for `bücher` and to tell
//! a label that cannot be one. Source: <https://www.rfc-editor.org/rfc/rfc3492>.

use alloc::{string::String, vec::Vec};

/// A host in the form browsers send it: lower case, Unicode labels as `xn--` ones. `None` when a
/// label cannot be encoded. A proposal for people to read, not a full IDNA mapping.
pub(crate) fn to_ascii(host: &str) -> Option<String> {
    let mut ascii = String::new();
    for (nth, label) in host.split(['.', '。']).enumerate() {
        if nth > 0 {
            ascii.push('.');
        }
        let label: Vec<char> = label.chars().flat_map(char::to_lowercase).collect();
        if label.iter().all(char::is_ascii) {
            ascii.extend(label);
        } else {
            ascii.push_str("xn--");
            ascii.push_str(&encode(&label)?);
        }
    }
    Some(ascii)
}

/// Section 6.3.
fn encode(label: &[char]) -> Option<String> {
    let mut output: String = label.iter().filter(|c| c.is_ascii()).collect();
    let basic = u32::try_from(output.len()).ok()?;
    if basic > 0 {
        output.push('-');
    }
    let (mut n, mut delta, mut bias, mut handled) = (INITIAL_N, 0_u32, INITIAL_BIAS, basic);
    while handled < u32::try_from(label.len()).ok()? {
        let next = label.iter().map(|&c| u32::from(c)).filter(|&c| c >= n).min()?;
        delta = delta.checked_add((next - n).checked_mul(handled + 1)?)?;
        n = next;
        for c in label.iter().map(|&c| u32::from(c)) {
            if c < n {
                delta = delta.checked_add(1)?;
            }
            if c == n {
                let mut q = delta;
                let mut k = BASE;
                loop {
                    let t = threshold(k, bias);
                    if q < t {
                        break;
                    }
                    output.push(digit(t + (q - t) % (BASE - t))?);
                    q = (q - t) / (BASE - t);
                    k += BASE;
                }
                output.push(digit(q)?);
                bias = adapt(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta = delta.checked_add(1)?;
        n = n.checked_add(1)?;
    }
    Some(output)
}

/// Whether the part of a label after `xn--` decodes to something that is not ASCII. Section 6.2.
pub(crate) fn decodes(encoded: &str) -> bool {
    let (basic, extended) = encoded.rsplit_once('-').unwrap_or(("", encoded));
    let (mut n, mut i, mut bias) = (INITIAL_N, 0_u32, INITIAL_BIAS);
    let Ok(mut length) = u32::try_from(basic.len()) else { return false };
    let mut digits = extended.bytes().peekable();
    if digits.peek().is_none() {
        return false;
    }
    while digits.peek().is_some() {
        let before = i;
        let (mut weight, mut k) = (1_u32, BASE);
        loop {
            let Some(value) = digits.next().and_then(undigit) else { return false };
            let Some(sum) = value.checked_mul(weight).and_then(|add| i.checked_add(add)) else {
                return false;
            };
            i = sum;
            let t = threshold(k, bias);
            if value < t {
                break;
            }
            let Some(heavier) = weight.checked_mul(BASE - t) else { return false };
            weight = heavier;
            k += BASE;
        }
        length += 1;
        bias = adapt(i - before, length, before == 0);
        let Some(sum) = n.checked_add(i / length) else { return false };
        n = sum;
        i = i % length + 1;
        if char::from_u32(n).is_none() {
            return false;
        }
    }
    true
}

fn threshold(k: u32, bias: u32) -> u32 {
    k.saturating_sub(bias).clamp(T_MIN, T_MAX)
}

/// Section 6.1.
fn adapt(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / DAMP } else { delta / 2 };
    delta += delta / points;
    let mut k = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

fn digit(value: u32) -> Option<char> {
    char::from_digit(value, 36).map(|_| {
        let value = u8::try_from(value).unwrap_or_default();
        char::from(if value < 26 { b'a' + value } else { b'0' + value - 26 })
    })
}

fn undigit(byte: u8) -> Option<u32> {
    match byte {
        b'a'..=b'z' => Some(u32::from(byte - b'a')),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 26),
        _ => None,
    }
}

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_N: u32 = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_what_browsers_send() {
        for (host, ascii) in [
            ("bücher.test", "xn--bcher-kva.test"),
            ("Straße.test", "xn--strae-oqa.test"),
            ("☃.test", "xn--n3h.test"),
            ("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"),
            ("app.example", "app.example"),
        ] {
            assert_eq!(to_ascii(host).as_deref(), Some(ascii));
        }
    }

    #[test]
    fn tells_labels_that_decode() {
        for label in ["bcher-kva", "strae-oqa", "n3h", "ihqwcrb4cv8a8dqg056pqjye"] {
            assert!(decodes(label), "{label}");
        }
        for label in ["f", "", "-", "a-", "99999999", "bücher"] {
            assert!(!decodes(label), "{label}");
        }
    }
}
