//! The words that give a reason away.

use super::{
    Engine,
    Reason::{
        self, AllowOriginMismatch, AuthorizationUnderStar, BadHeaderList, BadMethodList,
        CredentialsNotTrue, HeaderNotAllowed, InvalidAllowOrigin, LocalNetwork, MethodNotAllowed,
        MissingAllowOrigin, MultipleAllowOrigin, Network, PreflightRedirect, PreflightStatus,
        RedirectCredentials, RepeatedAllowOrigin, ResourcePolicy, Scheme, WildcardWithCredentials,
    },
};

/// Words, where the value stands, and what they may mean.
pub(super) struct Clue(pub(super) &'static str, pub(super) Value, pub(super) &'static [Reason]);

/// Where the value stands.
pub(super) enum Value {
    Untold,
    /// Behind the words, up to these; without these the clue is none.
    Until(&'static str),
    /// Behind the words, up to the line's end.
    Line,
    /// The word before the words.
    WordBefore,
}

use Value::{Line, Until, Untold, WordBefore};

/// Told apart by the value.
pub(super) const DIFFERS: &[Reason] =
    &[AllowOriginMismatch, InvalidAllowOrigin, MultipleAllowOrigin];

const REFUSED: &[Reason] =
    &[MissingAllowOrigin, AllowOriginMismatch, InvalidAllowOrigin, MultipleAllowOrigin];
const SEVERAL: &[Reason] = &[RepeatedAllowOrigin, MultipleAllowOrigin];
const UNSUCCESSFUL: &[Reason] = &[PreflightStatus, PreflightRedirect];

/// Telling ones first: browsers let a general message follow a telling one.
pub(super) static CLUES: [(Engine, &[Clue]); 3] =
    [(Engine::Chromium, &CHROMIUM), (Engine::Firefox, &FIREFOX), (Engine::WebKit, &WEBKIT)];

static CHROMIUM: [Clue; 17] = [
    Clue("No 'Access-Control-Allow-Origin' header is present", Untold, &[MissingAllowOrigin]),
    Clue("header contains multiple values '", Until("', but only one"), SEVERAL),
    Clue("header contains the invalid value '", Until("'."), &[InvalidAllowOrigin]),
    Clue("header has a value '", Until("' that is not equal"), &[AllowOriginMismatch]),
    Clue(
        "must not be the wildcard '*' when the request's credentials",
        Untold,
        &[WildcardWithCredentials],
    ),
    Clue(
        "'Access-Control-Allow-Credentials' header in the response is '",
        Until("' which must be"),
        &[CredentialsNotTrue],
    ),
    Clue("It does not have HTTP ok status", Untold, &[PreflightStatus]),
    Clue("Redirect is not allowed for a preflight request", Untold, &[PreflightRedirect]),
    Clue(
        " is not allowed by Access-Control-Allow-Methods in preflight",
        WordBefore,
        &[MethodNotAllowed],
    ),
    Clue(
        " is not allowed by Access-Control-Allow-Headers in preflight",
        WordBefore,
        &[HeaderNotAllowed],
    ),
    Clue("Cannot parse Access-Control-Allow-Methods", Untold, &[BadMethodList]),
    Clue("Cannot parse Access-Control-Allow-Headers", Untold, &[BadHeaderList]),
    Clue(
        "Authorization will not be covered by the wildcard symbol",
        Untold,
        &[AuthorizationUnderStar],
    ),
    Clue("Redirect location '", Until("' contains a username"), &[RedirectCredentials]),
    Clue("Permission was denied for this request to access the `", Until("`"), &[LocalNetwork]),
    Clue("ERR_BLOCKED_BY_RESPONSE.NotSame", Untold, &[ResourcePolicy]),
    Clue("Cross origin requests are only supported for protocol schemes", Untold, &[Scheme]),
];

static FIREFOX: [Clue; 17] = [
    Clue("CORS header 'Access-Control-Allow-Origin' missing", Untold, &[MissingAllowOrigin]),
    Clue(
        "Multiple CORS header 'Access-Control-Allow-Origin' not allowed",
        Untold,
        &[RepeatedAllowOrigin],
    ),
    Clue("CORS header 'Access-Control-Allow-Origin' does not match '", Until("')"), DIFFERS),
    Clue("Credential is not supported if the CORS header", Untold, &[WildcardWithCredentials]),
    Clue("expected 'true' in CORS header", Untold, &[CredentialsNotTrue]),
    Clue("CORS request external redirect not allowed", Untold, &[PreflightRedirect]),
    Clue("CORS preflight response did not succeed", Untold, &[PreflightStatus]),
    Clue("CORS preflight channel did not succeed", Untold, &[PreflightStatus]),
    Clue("Did not find method in CORS header", Untold, &[MethodNotAllowed]),
    Clue("(Reason: header '", Until("' is not allowed according"), &[HeaderNotAllowed]),
    Clue("missing token '", Until("' in CORS header"), &[HeaderNotAllowed]),
    Clue(
        "invalid token '",
        Until("' in CORS header 'Access-Control-Allow-Methods'"),
        &[BadMethodList],
    ),
    Clue(
        "invalid token '",
        Until("' in CORS header 'Access-Control-Allow-Headers'"),
        &[BadHeaderList],
    ),
    Clue("the `Authorization` header is not covered", Untold, &[AuthorizationUnderStar]),
    Clue("due to its Cross-Origin-Resource-Policy header", Untold, &[ResourcePolicy]),
    Clue("CORS request not http", Untold, &[Scheme]),
    Clue("CORS request did not succeed", Untold, &[Network]),
];

static WEBKIT: [Clue; 10] = [
    Clue("Access-Control-Allow-Origin cannot contain more than one origin", Untold, SEVERAL),
    Clue(" is not allowed by Access-Control-Allow-Origin", Untold, REFUSED),
    Clue("Cannot use wildcard in Access-Control-Allow-Origin", Untold, &[WildcardWithCredentials]),
    Clue("Access-Control-Allow-Credentials is not \"true\"", Untold, &[CredentialsNotTrue]),
    Clue("Preflight response is not successful", Untold, UNSUCCESSFUL),
    Clue(" is not allowed by Access-Control-Allow-Methods", WordBefore, &[MethodNotAllowed]),
    Clue(" is not allowed by Access-Control-Allow-Headers", WordBefore, &[HeaderNotAllowed]),
    Clue("Header Access-Control-Allow-Methods has an invalid value: ", Line, &[BadMethodList]),
    Clue("Header Access-Control-Allow-Headers has an invalid value: ", Line, &[BadHeaderList]),
    Clue("resource's Cross-Origin-Resource-Policy", Untold, &[ResourcePolicy]),
];
