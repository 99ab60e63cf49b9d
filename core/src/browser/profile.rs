//! Where browsers depart from the standard.

/// A browser, as the sum of the places where it departs from the Fetch standard.
///
/// Each field is one such place; all `false` is the standard itself. The presets state what was
/// observed in the browsers they are named for, and `tests/oracle` holds a case for each field that
/// fails when a browser gives the departure up.
///
/// Left out: by the standard the numbers in a `Range` are unbounded, in browsers they have to fit
/// into 63 or 64 bits, else there is a preflight; and Firefox sets no limit to the size of all
/// safelisted values together, and for `fetch()` reads `Access-Control-Expose-Headers` no further than
/// to a `*` that counts, so that what is behind it may be malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a fact about a browser, independent of the others"
)]
pub struct Profile {
    /// Without credentials, `Access-Control-Allow-Headers: *` covers `Authorization` too. By the
    /// standard that name has to be listed: browsers print a warning and mean to follow one day.
    /// <https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name>
    pub star_covers_authorization: bool,
    /// Script's listening for upload progress calls for a preflight, but does not allow the method:
    /// by the standard it does if there is no `Access-Control-Allow-Methods`.
    /// <https://fetch.spec.whatwg.org/#cors-preflight-fetch-0>
    pub upload_needs_method_list: bool,
    /// Header fields of one name are joined by `, ` before the joined value is looked up in the
    /// safelist; by the standard each value is looked up alone.
    /// <https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names>
    pub joins_before_safelisting: bool,
    /// `DPR`, `Device-Memory`, `Downlink`, `Width`, `Viewport-Width` and `RTT` with a number, `ECT`
    /// with a known word and `Save-Data` with `on` need no preflight, as in drafts of the client
    /// hints.
    pub safelists_client_hints: bool,
    /// A `User-Agent` set by script needs no preflight.
    pub safelists_user_agent: bool,
    /// `Accept` and `Content-Type` with a byte above 0x7F, and `Content-Type` with a comma, need a
    /// preflight even where the standard needs none.
    /// <https://fetch.spec.whatwg.org/#cors-safelisted-request-header>
    pub safelists_fewer_values: bool,
    /// A `Range` needs no preflight either if its `bytes` is in another case or a number has a `+`.
    /// <https://fetch.spec.whatwg.org/#simple-range-header-value>
    pub reads_range_loosely: bool,
    /// `Access-Control-Request-Headers` repeats a name that script appended more than once; by the
    /// standard the names are a set.
    /// <https://fetch.spec.whatwg.org/#convert-header-names-to-a-sorted-lowercase-set>
    pub repeats_header_names: bool,
    /// A header line without a value is dropped if the header has another line; by the standard an
    /// empty value is joined to the other. It saves no `Access-Control-Allow-Origin` that is
    /// repeated in exactly this spelling.
    /// <https://fetch.spec.whatwg.org/#concept-header-list-get>
    pub drops_empty_lines: bool,
    /// Of a redirected preflight nothing but the redirect is reported.
    ///
    /// This field and those below decide no fetch. They say which fault is reported when there are
    /// several: the standard's order is the origin, the credentials, the status, the syntax of both
    /// lists, the method, the header names.
    pub reports_redirect_first: bool,
    /// The status of a preflight is reported before its origin.
    pub reports_status_first: bool,
    /// The method is reported before the syntax of the list of header names.
    pub reports_method_first: bool,
}

impl Profile {
    /// The Fetch standard.
    pub const STANDARD: Self = Self {
        star_covers_authorization: false,
        upload_needs_method_list: false,
        joins_before_safelisting: false,
        safelists_client_hints: false,
        safelists_user_agent: false,
        safelists_fewer_values: false,
        reads_range_loosely: false,
        repeats_header_names: false,
        drops_empty_lines: false,
        reports_redirect_first: false,
        reports_status_first: false,
        reports_method_first: false,
    };

    /// Chromium 156: Chrome, Edge, Opera, Android.
    pub const CHROMIUM: Self = Self {
        star_covers_authorization: true,
        upload_needs_method_list: true,
        joins_before_safelisting: true,
        safelists_client_hints: true,
        safelists_user_agent: true,
        reports_redirect_first: true,
        ..Self::STANDARD
    };

    /// Firefox 153.
    pub const FIREFOX: Self = Self {
        star_covers_authorization: true,
        upload_needs_method_list: true,
        safelists_fewer_values: true,
        repeats_header_names: true,
        drops_empty_lines: true,
        reports_method_first: true,
        ..Self::STANDARD
    };

    /// `WebKit` 2.50: Safari and every browser on iOS.
    pub const WEBKIT: Self = Self {
        star_covers_authorization: true,
        upload_needs_method_list: true,
        joins_before_safelisting: true,
        reads_range_loosely: true,
        reports_status_first: true,
        ..Self::STANDARD
    };
}
