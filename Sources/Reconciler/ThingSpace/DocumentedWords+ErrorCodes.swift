extension DocumentedWords {
    /// What an error code means and calls for.
    struct ErrorMeaning: Hashable, Sendable {
        let errorClass: CarrierErrorCode.Class
        /// Whether it passes without anybody doing anything.
        var passes = false
        /// Whether it says that the account, or the carrier, does not have the device.
        var saysNotThere = false
        /// What happened and what to do about it, for people.
        let explanation: String
    }

    /// The documented codes without the name of the service before them. Source of all: `thingspace.md`, section 6.1; of
    /// those about the session, section 1.4 as well.
    static let errorCodes = WordTable<ErrorMeaning>([
        // The account waits, until a person corrects its name or the rights of the user.
        ("INPUT_INVALID.Account.NotDefined", accountRefused),
        ("REQUEST_FAILED.MultipleAccounts", accountRefused),
        ("REQUEST_FAILED.AccountName", accountRefused),
        ("REQUEST_FAILED.AccountNotFound", accountRefused),
        ("REQUEST_FAILED.NoAccounts", accountRefused),
        // The device waits, until its line is active.
        (
            "INPUT_INVALID.DeviceState.Invalid",
            ErrorMeaning(
                errorClass: .deviceWaits,
                explanation: "The line of the device is not active. Activate it and refresh; the change is made once a "
                    + "device list says that the line is active.")
        ),
        // The device failed, until a person corrects what is declared of it or the carrier's records.
        (
            "REQUEST_FAILED.DeviceNotFound",
            ErrorMeaning(
                errorClass: .deviceFailed, saysNotThere: true,
                explanation: "The account does not have this device. Correct its accountName or its identifiers.")
        ),
        (
            "INPUT_INVALID.Device.Account.Invalid",
            ErrorMeaning(
                errorClass: .deviceFailed, saysNotThere: true,
                explanation: "The device belongs to another account. Correct its accountName.")
        ),
        ("INPUT_INVALID.Device.Identifier.Invalid", identifiersRefused),
        ("INPUT_INVALID.Device.Kind.Invalid", identifiersRefused),
        (
            "REQUEST_FAILED.UnexpectedError",
            ErrorMeaning(
                errorClass: .deviceFailed, passes: true,
                explanation: "The carrier met an error that it did not expect, or an element is missing. Try again "
                    + "later; if it stays, ask its support, naming the request.")
        ),
        // The request is wrong, whichever devices it names.
        (
            "INPUT_INVALID.Request.InvalidCharacter",
            ErrorMeaning(
                errorClass: .requestWrong,
                explanation:
                    "The carrier found a character in the request that it does not take (an apostrophe, `<` or "
                    + "a backslash). Correct accountName or smsrOid.")
        ),
        ("INPUT_INVALID.RequestUndefined", requestUnread),
        ("DeserializationFailed", requestUnread),
        // The session has ended.
        ("REQUEST_FAILED.SessionToken.Expired", sessionEnded),
        ("REQUEST_FAILED.SessionToken.Format", sessionEnded),
        ("INPUT_INVALID.SessionToken.Invalid", sessionEnded),
        // Nothing was to be done.
        ("REQUEST_FAILED.DeviceAlreadyActive", alreadyDone),
        // The batch is to be smaller.
        ("INPUT_INVALID.MaxRequestsExceeded", tooLarge),
        ("INPUT_INVALID.NumberofDevices", tooLarge),
    ])

    /// What the first part of a code says of all codes that begin with it.
    enum ErrorPrefix: Sendable {
        /// Each code has its own meaning.
        case none
        case same(ErrorMeaning)
    }

    /// The first parts of codes. Source: `thingspace.md`, section 6.1.
    static let errorPrefixes = WordTable<ErrorPrefix>([
        ("INPUT_INVALID", .none),
        ("REQUEST_FAILED", .none),
        ("REQUEST_ONHOLD", .same(onHold)),
        ("REQUEST_CANCELLED", .same(cancelled)),
    ])

    /// What a code means: by the table, by its class, and for those of the session by the part that they share (1.4).
    ///
    /// - Parameter code: without the name of the service.
    static func meaning(ofErrorCode code: String) -> ErrorMeaning {
        if let documented = errorCodes[code] { return documented }
        let parts = code.split(separator: ".").map { String($0).foldedForComparison }
        if let first = parts.first, case .same(let meaning) = errorPrefixes[first] { return meaning }
        if parts.dropLast().contains("sessiontoken") { return sessionEnded }
        // What is so already is no failure of a device, whatever the code is: the device is looked up.
        if parts.contains(where: { $0.contains("already") }) { return alreadyDone }
        return unknownErrorCode
    }

    private static let accountRefused = ErrorMeaning(
        errorClass: .accountWaits,
        explanation: "The carrier does not accept the account for this user. Check accountName and the user's rights.")

    private static let onHold = ErrorMeaning(
        errorClass: .accountWaits, passes: true,
        explanation: "The carrier has put requests of the account on hold. They are made again later; if it stays, ask "
            + "its support, naming the code.")

    private static let cancelled = ErrorMeaning(
        errorClass: .accountWaits, passes: true,
        explanation: "The carrier has cancelled the request. It is made again later; if it stays, ask the carrier's "
            + "support, naming the code.")

    /// What a code means that is documented nowhere.
    static let unknownErrorCode = ErrorMeaning(
        errorClass: .accountWaits,
        explanation:
            "The carrier refuses with a code that is documented nowhere. Ask its support what it means, naming "
            + "the code.")

    private static let identifiersRefused = ErrorMeaning(
        errorClass: .deviceFailed,
        explanation: "The carrier does not accept the identifiers of the device. Compare its EID and ICCID with the "
            + "carrier's records.")

    private static let requestUnread = ErrorMeaning(
        errorClass: .requestWrong,
        explanation: "The carrier cannot read the request. That is a fault of profilectl or of a proxy on the way; "
            + "report it, naming the code.")

    private static let sessionEnded = ErrorMeaning(
        errorClass: .signIn, explanation: "The session with the carrier has ended.")

    private static let alreadyDone = ErrorMeaning(
        errorClass: .alreadyDone,
        explanation:
            "The carrier refuses the call because, it says, nothing is left to change. Where its records do not show "
            + "that, nothing is sent again by itself: compare the device in its portal, and use `profilectl resolve`.")

    private static let tooLarge = ErrorMeaning(
        errorClass: .tooLarge,
        explanation: "The request holds more devices than the carrier takes at once. Lower rollout.batchSize.")
}
