//! Where browsers depart from the standard.

/// A browser, as the sum of the places where it departs from the Fetch standard.
///
/// Each field is one such place; all `false` is the standard itself. The presets state what was
/// observed in the browsers they are named for, and `tests/oracle` holds a case for each field that
/// fails when a browser gives the departure up.
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
    /// A `Range` whose numbers do not fit into 63 bits needs a preflight; by the standard numbers
    /// are unbounded. <https://fetch.spec.whatwg.org/#simple-range-header-value>
    pub bounds_range: bool,
    /// `Access-Control-Request-Headers` repeats a name that script appended more than once; by the
    /// standard the names are a set.
    /// <https://fetch.spec.whatwg.org/#convert-header-names-to-a-sorted-lowercase-set>
    pub repeats_header_names: bool,
    /// The method is compared before `Access-Control-Allow-Headers` is parsed, so that a preflight
    /// that fails by both names the method; by the standard both lists are parsed first.
    /// <https://fetch.spec.whatwg.org/#cors-preflight-fetch-0>
    pub checks_method_before_header_list: bool,
    /// The status of a preflight response is looked at before its `Access-Control-Allow-Origin`,
    /// so that a preflight that fails by both names the status; the standard has them the other
    /// way round. <https://fetch.spec.whatwg.org/#cors-preflight-fetch-0>
    pub checks_status_first: bool,
}

impl Profile {
    /// The Fetch standard.
    pub const STANDARD: Self = Self {
        star_covers_authorization: false,
        joins_before_safelisting: false,
        safelists_client_hints: false,
        safelists_user_agent: false,
        bounds_range: false,
        repeats_header_names: false,
        checks_method_before_header_list: false,
        checks_status_first: false,
    };

    /// Chromium 156: Chrome, Edge, Opera, Android.
    pub const CHROMIUM: Self = Self {
        star_covers_authorization: true,
        joins_before_safelisting: true,
        safelists_client_hints: true,
        safelists_user_agent: true,
        bounds_range: true,
        ..Self::STANDARD
    };

    /// Firefox 153.
    pub const FIREFOX: Self = Self {
        star_covers_authorization: true,
        bounds_range: true,
        repeats_header_names: true,
        checks_method_before_header_list: true,
        ..Self::STANDARD
    };

    /// `WebKit` 2.50: Safari and every browser on iOS.
    pub const WEBKIT: Self = Self {
        star_covers_authorization: true,
        joins_before_safelisting: true,
        bounds_range: true,
        checks_status_first: true,
        ..Self::STANDARD
    };
}
