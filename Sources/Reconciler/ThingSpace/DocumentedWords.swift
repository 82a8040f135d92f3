/// The words that the carrier documents, each with its source: a section of `thingspace.md`.
///
/// Nothing else compares such words. One that stands in no table has no meaning here: it is shown with its text, and the
/// device is looked up. Error codes have a table of their own (`DocumentedWords+ErrorCodes.swift`).
enum DocumentedWords {
    /// What a profile status says of the profile. It records the last action, so several words mean the same.
    static let profileStatuses = WordTable<ProfileState>([
        ("Not Downloaded", .notDownloaded),  // 3, also spelled NOT_DOWNLOADED
        ("none", .downloadedDisabled),  // 3
        ("DOWNLOAD_DISABLE", .downloadedDisabled),  // 3
        ("DISABLE", .downloadedDisabled),  // 3
        ("DOWNLOAD_ENABLE", .downloadedEnabled),  // 3
        ("ENABLE", .downloadedEnabled),  // 3
        ("DELETE", .deleted),  // 3, in the v2 filter only
        ("UNKNOWN", .unknown),  // 3, in the v2 filter only: the carrier does not know
    ])

    /// What an eUICC status says of the action.
    enum EuiccStatus: Sendable {
        case success
        /// The profile is on the device, its enabling is pending.
        case warning
        case failure
        /// The command was delivered, and the card has not said what became of it.
        case unanswered
    }

    static let euiccStatuses = WordTable<EuiccStatus>([
        ("EXECUTED_SUCCESS", .success),  // 2.7, published samples
        ("EXECUTED_WITHWARNING", .warning),  // 2.7, published samples
        ("FAILED", .failure),  // 2.7, the schema of SGP.02
        ("EXPIRED", .failure),  // 2.7, the schema of SGP.02
        ("EXECUTED_FAILED", .failure),  // 2.7, the schema of SGP.02
        ("NOTEXECUTED", .failure),  // 2.7, the schema of SGP.02
        ("DELIVEREDWITHNORESPONSE", .unanswered),  // 2.7, the schema of SGP.02
    ])

    /// What the `status` at the top of a message says. `Success` alone does not mean that the action was carried out
    /// (2.5): the carrier also says it on a warning.
    enum MessageStatus: Sendable {
        case success
        case failed
    }

    /// `Delivered`, `Queued` and `DeliveryFailed` belong to another service (5.4).
    static let messageStatuses = WordTable<MessageStatus>([
        ("Success", .success),  // 2.6 b and 5.4
        ("Failed", .failed),  // 2.6 e and 5.4
    ])

    /// What the state of a line says.
    static let serviceStates = WordTable<ServiceState>([
        ("ACTIVE", .active),  // 3
        ("ACTIVATED", .active),  // 3, v2 filter
        ("SUSPEND", .suspended),  // 3
        ("DEACTIVE", .deactivated),  // 3
        ("DEACTIVATED", .deactivated),  // 3, v2 filter
        ("UNKNOWN", .unknown),  // 3, v2 filter
        ("PENDING_ACTIVATION", .other("PENDING_ACTIVATION")),  // 3, v2 filter
        ("PENDING_DEACTIVATION", .other("PENDING_DEACTIVATION")),  // 3, v2 filter
        ("PRE_ACTIVE", .other("PRE_ACTIVE")),  // 3, v2 filter
        ("ACTIVATION_READY", .other("ACTIVATION_READY")),  // 3, v2 filter
        ("INVENTORY", .other("INVENTORY")),  // 3, v2 filter
        ("PURGED", .other("PURGED")),  // 3, v2 filter
        ("REPLACED", .other("REPLACED")),  // 3, v2 filter
        ("RETIRED", .other("RETIRED")),  // 3, v2 filter
        ("TEST_READY", .other("TEST_READY")),  // 3, v2 filter
    ])

    /// What `error` says, beside the errors of OAuth, if the session has ended.
    static let endedSessionErrors = WordTable<Void>([
        ("unauthorized", ())  // 1.4, the shape of the sister API
    ])

    /// What the status of a request (v2) says.
    static let requestStatuses = WordTable<RequestStatus>([
        ("queued", .queued),  // 4.3
        ("processed", .processed),  // 4.3
        ("failed", .failed),  // 4.3
        ("Pending", .queued),  // 4.3, the words of the v1 status
        ("Success", .processed),  // 4.3, the words of the v1 status
        ("Failure", .failed),  // 4.3, the words of the v1 status
    ])
}

/// Words and what they mean; letter case, spaces, dashes and underscores do not count (`thingspace.md`, section 8.7).
struct WordTable<Meaning: Sendable>: Sendable {
    /// The words as they are documented, in the order of the table.
    let words: [String]
    private let meanings: [String: Meaning]

    init(_ entries: [(word: String, meaning: Meaning)]) {
        words = entries.map(\.word)
        meanings = Dictionary(entries.map { ($0.word.foldedForComparison, $0.meaning) }) { first, _ in first }
    }

    /// - Returns: `nil` for a word that is documented nowhere.
    subscript(word: String) -> Meaning? { meanings[word.foldedForComparison] }
}

extension JSONValue {
    /// What a member says that holds a word: `nil` if it says nothing, which it does with null and with an empty text.
    /// A value that can be no word (an object, `true`) is given as its JSON, which is documented nowhere.
    var word: String? {
        if text != nil || string != nil || isNull { return identifier }
        return String(decoding: canonicalBytes, as: UTF8.self).excerpt(limit: 60)
    }

    /// The text of a member that names something; `nil` for a blank one, and for what is neither a text nor a number.
    var identifier: String? { text.flatMap { $0.foldedForComparison.isEmpty ? nil : $0 } }

    /// What a member says that holds an error code: `nil` if it says that there is no error, which it does with null, an
    /// empty text, `false` and zero, as a number or as a text. Absence of the member says the same.
    var errorCode: String? {
        guard let text else { return nil }
        let folded = text.foldedForComparison
        return folded.isEmpty || Double(folded) == 0 ? nil : text
    }

    /// Whether a member that reports an error reports one: null, empty texts, zero, `false`, and objects and lists of nothing
    /// else say that there is none.
    var reportsError: Bool {
        if isObject { return members.contains { $0.value.reportsError } }
        if isArray { return elements.contains { $0.reportsError } }
        return bool ?? (errorCode != nil)
    }

    /// The text of an error of whatever shape; `nil` if there is none.
    var reportedError: String? {
        guard reportsError else { return nil }
        return errorCode ?? String(decoding: canonicalBytes, as: UTF8.self).excerpt(limit: 200)
    }

    /// Whether a member is about something else than how a device is now: an echo of the request, an error, the past.
    var isAsideName: Bool {
        guard let name = text?.foldedForComparison else { return false }
        guard !name.contains("default") else { return false }
        return ["error", "fault", "request", "filter", "previous", "former", "history"].contains { name.contains($0) }
    }

    private var isNull: Bool { !isObject && !isArray && bool == nil && text == nil && string == nil }
}
