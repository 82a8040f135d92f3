/// A status code of the SM-SR or SM-DP: a subject and a reason, "8.2.1,3.9".
///
/// A code without a comma (`1.2.365`, `1`) is none and stays opaque. Show both the code and the text: the carrier's
/// sample has a text that does not go with its code. Source: GSMA SGP.02 section 5.1; `thingspace.md`, section 7.
public struct EuiccCode: Hashable, Sendable, CustomStringConvertible {
    public let subject: String
    public let reason: String

    public init?(_ text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            part.filter { !$0.isWhitespace }
        }
        guard parts.count == 2, parts.allSatisfy({ SmsrOid($0).isDotted }) else { return nil }
        subject = parts[0]
        reason = parts[1]
    }

    public var description: String { "\(subject),\(reason)" }

    /// Whether trying again later may help: busy (4.4), and everything about reaching the card (5.x).
    public var isTransient: Bool {
        reason == "4.4" || reason.hasPrefix("5.")
    }

    /// Whether the card refuses because what was asked for is there already (3.3): that is to be looked up.
    var saysAlreadyInUse: Bool { reason == "3.3" }

    public var subjectMeaning: String? { Self.subjects[subject] }
    public var reasonMeaning: String? { Self.reasons[reason] }

    private static let subjects = [
        "1.1": "function requester", "1.2": "function provider", "1.2.1": "validity period", "1.6": "function",
        "8.1": "eUICC", "8.1.1": "EID", "8.2": "profile", "8.2.1": "profile ICCID", "8.2.2": "POL1",
        "8.2.3": "POL2", "8.2.5": "profile type", "8.3": "ISD-P", "8.4": "ISD-R", "8.5": "ECASD", "8.6": "EIS",
        "8.7": "SM-SR", "8.8": "SM-DP",
    ]

    private static let reasons = [
        "1.1": "unknown caller", "1.2": "not allowed", "2.1": "invalid value", "2.2": "mandatory element missing",
        "2.3": "conditional element missing", "3.1": "unsupported", "3.3": "already in use",
        "3.4": "invalid destination", "3.5": "invalid transition", "3.6": "related objects exist",
        "3.7": "unavailable", "3.8": "refused", "3.9": "unknown", "3.10": "invalid association",
        "3.11": "value has changed", "4.2": "execution error", "4.3": "stopped on warning", "4.4": "busy",
        "4.8": "insufficient memory", "4.10": "order or time expired", "5.1": "inaccessible", "5.2": "time-out",
        "5.3": "time to live expired", "5.4": "delivered without response", "6.1": "verification failed",
        "6.3": "expired", "6.4": "retries exceeded",
    ]

    /// The failure of an operation that ended on the eUICC's side.
    static func failure(code: String?, text: String?) -> OperationFailure {
        guard let known = code.flatMap({ EuiccCode($0) }) else {
            return OperationFailure(
                code: code?.excerpt(limit: 60), carrierText: text?.excerpt(limit: 300),
                explanation: "The carrier reports that it failed, without a code that is documented. "
                    + "Ask its support, naming the request.",
                remedy: .person)
        }
        let subject = known.subjectMeaning ?? "subject \(known.subject)"
        let reason = known.reasonMeaning ?? "reason \(known.reason)"
        let advice =
            known.isTransient
            ? "The device may be out of reach or busy; it is tried again."
            : "Trying again would not help; ask the carrier's support, naming the code and the request."
        return OperationFailure(
            code: known.description, carrierText: text?.excerpt(limit: 300),
            explanation: "\(subject): \(reason).".capitalizedSentence + " " + advice,
            remedy: known.isTransient ? .retry : .person)
    }
}
