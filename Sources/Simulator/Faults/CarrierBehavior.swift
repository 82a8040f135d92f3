/// What a carrier does badly as a whole: with all its lists, answers, messages or tokens, not with a single call that
/// meets a `CarrierFault`. Entries `F1` and so on are those of the list of faults that these carriers brought to light.
public enum CarrierBehavior: String, CaseIterable, Codable, Sendable {
    // MARK: Device lists

    /// The v1 and the v2 list always answer 400 INPUT_INVALID (F1).
    case listsInputInvalid = "lists-input-invalid"
    /// Both lists answer 403 with an HTML page (F1).
    case listsForbiddenPage = "lists-forbidden-page"
    /// Both lists answer 404 with a fault of the gateway (F1).
    case listsNotFound = "lists-not-found"
    /// Both lists answer 403 with a numeric code, although the tokens are right (F1, F12).
    case listsNumericUnauthorized = "lists-numeric-unauthorized"
    /// The v2 list is refused with FeatureNotAvailable (F1).
    case v2ListUnavailable = "v2-list-unavailable"
    /// The v1 list refuses pages of more than 500 devices (F35).
    case v1PageLimit = "v1-page-limit"
    /// The v1 list refuses pages of more than 100 devices (F35).
    case v1PageLimit100 = "v1-page-limit-100"
    /// Answers of both lists carry an errorCode that is null or empty beside what was asked for (F54).
    case listsNullError = "lists-null-error"
    /// Both lists are empty although there are devices (F15).
    case listsEmpty = "lists-empty"
    /// The v2 list is answered by a faultResponse REQUEST_CANCELLED (F62).
    case v2ListCancelled = "v2-list-cancelled"
    /// The v2 list is answered by the status Failed, without rows (F62).
    case v2ListFailed = "v2-list-failed"
    /// The v2 list is answered by the status InProgress, without rows, and by nothing after that (F62).
    case v2ListInProgress = "v2-list-in-progress"
    /// The v2 list is null (F62).
    case v2ListNull = "v2-list-null"
    /// The v2 list is one object, its first row, instead of an array (F62).
    case v2ListOneObject = "v2-list-one-object"
    /// The v2 list is answered by JSON that holds nothing like a list (F15).
    case v2ListUnreadable = "v2-list-unreadable"
    /// About half of the rows are missing from each v2 list, not always the same ones (F15).
    case v2ListPartial = "v2-list-partial"
    /// The rows of both lists spell the account otherwise: a blank behind it, no leading zero, an en dash (F44).
    case listsOtherAccount = "lists-other-account"
    /// Both lists also hold rows of an account that was not asked for (F44).
    case listsForeignRows = "lists-foreign-rows"
    /// The v2 list has one row a card, with all profiles of the card, the bootstrap profile first (F59).
    case v2ListCardRows = "v2-list-card-rows"
    /// Each row of the v2 list has a former profile with an ICCID and a status of its own before the profile (F59).
    case v2ListFormerProfile = "v2-list-former-profile"
    /// Each row of the v2 list has an address with a state, and no service state (F59).
    case v2ListAddressState = "v2-list-address-state"
    /// The v2 list comes as one message a device, all under its requestId (F16).
    case v2ListMessagePerDevice = "v2-list-message-per-device"
    /// The ICCID of one device lacks its last digit in v2 lists (F16).
    case v2ListOddICCID = "v2-list-odd-iccid"
    /// The v2 list is accepted and never answered (F16).
    case v2ListSilent = "v2-list-silent"
    /// The first answer to each v2 list is lost; asked for again, it comes (F16).
    case v2ListOnceLost = "v2-list-once-lost"
    /// Lists say UPDATING from the acceptance of an action until some seconds after its end (F63).
    case statusInTransition = "status-in-transition"
    /// Lists say words that nobody documented (F58).
    case statusUnknownWord = "status-unknown-word"

    // MARK: Answers to actions

    /// Accepted actions are answered with "errorCode": "0" beside the requestId (F54).
    case acceptedWithErrorZero = "accepted-with-error-zero"
    /// Accepted actions are answered with "errorCode": null beside the requestId (F54).
    case acceptedWithNullError = "accepted-with-null-error"
    /// Accepted actions are answered with "errorCode": "" beside the requestId (F54).
    case acceptedWithEmptyError = "accepted-with-empty-error"
    /// Actions of more than one device are refused (F33).
    case batchLimit1 = "batch-limit-1"
    /// Actions of more than 10 devices are refused (F33).
    case batchLimit10 = "batch-limit-10"
    /// The first actions of each account are refused with REQUEST_ONHOLD; later ones work (F60).
    case actionsOnHold = "actions-on-hold"
    /// Every action is refused with a code that nobody documented: the rate plan is full (F60).
    case ratePlanFull = "rate-plan-full"
    /// An account's first device and a quarter of the others are once refused as not active, although they are (F60).
    case deviceStateInvalidOnce = "device-state-invalid-once"

    // MARK: Outcomes of actions

    /// Success messages carry a faultResponse of nulls and the euiccErrorCode "0" (F54).
    case faultsOfNull = "faults-of-null"
    /// An action ends with a profileStatus that nobody documented; the card has carried it out, or not (F58).
    case unknownProfileWord = "unknown-profile-word"
    /// An action ends with a status that nobody documented and without a euiccStatus; carried out, or not (F58).
    case unknownMessageStatus = "unknown-message-status"
    /// While an action is under way, a failure for the same EID and ICCID comes under nobody's requestId (F55).
    case foreignFailures = "foreign-failures"
    /// While an action is under way, a warning for the same device comes under nobody's requestId (F55).
    case foreignWarnings = "foreign-warnings"
    /// Old messages that say DELETE, DISABLE or Not Downloaded come under requestIds of long ago (F57).
    case archivedMessages = "archived-messages"
    /// An action is reported failed, and the card carries it out a little later, with a success message (F56).
    case lateSuccess = "late-success"
    /// An action is reported failed, and the card carries it out a little later, without a message (F56).
    case silentLateSuccess = "silent-late-success"
    /// An action succeeds, is then reported failed, and the card is back where it was (F14).
    case rollbackAfterSuccess = "rollback-after-success"
    /// An action fails, and its message is delivered before the answer that tells the requestId (F17).
    case failureBeforeAnswer = "failure-before-answer"
    /// Enabling ends with a warning; after a later `enable` the success comes under the first request, and that one's
    /// own message says that there was nothing to do (F13).
    case successUnderFirstRequest = "success-under-first-request"
    /// Messages about another profile of the card, which nobody here manages, come under the EID (F3).
    case otherProfileMessages = "other-profile-messages"
    /// Enabling one profile of a card disables its others without a message (F4). Every carrier here does that.
    case secondProfileSilent = "second-profile-silent"
    /// The SM-SR refuses every `disable` (F4).
    case disableRefused = "disable-refused"
    /// Enabling ends with a warning, and nothing comes after it, whatever is asked for later (F18).
    case enablingHangs = "enabling-hangs"
    /// The carrier forgets the registration for callbacks after a while (F61).
    case registrationLost = "registration-lost"

    // MARK: Sign-in and request status

    /// Sessions end after some calls, which is answered by 401 without a body (F12).
    case sessionEndsBare401 = "session-ends-bare-401"
    /// Sessions end after some calls, which is answered by 403 without a body (F12).
    case sessionEndsBare403 = "session-ends-bare-403"
    /// Sessions end after some calls, which is answered by 401 with a numeric code (F12).
    case sessionEndsNumeric = "session-ends-numeric"
    /// Bearer tokens end after some calls, which is answered by 401 with a numeric code (F12).
    case bearerEndsNumeric = "bearer-ends-numeric"
    /// Bearer tokens end after some calls, which is answered by 401 with a page (F12).
    case bearerEndsPage = "bearer-ends-page"
    /// Tokens say of their life what no client can use: too much, too little, no number, nothing (F5).
    case oddExpiresIn = "odd-expires-in"
    /// Nothing answers to questions for the status of a request: 404.
    case requestStatusUnavailable = "request-status-unavailable"
}
