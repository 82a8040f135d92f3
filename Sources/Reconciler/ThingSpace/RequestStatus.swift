/// How far a request has come, by the carrier's own word (v2). It is a hint and no evidence: whether the carrier keeps the
/// status of profile actions is not documented (`thingspace.md`, section 4.3).
public enum RequestStatus: Hashable, Sendable {
    /// It is still to be carried out.
    case queued
    /// It was carried out, with whatever outcome.
    case processed
    case failed
    /// The answer does not say; with its text.
    case unclear(String)
    /// The carrier does not offer it.
    case notOffered
}

extension RequestStatus {
    /// Reads an answer. The parts of the request (`subRequests` or `subrequests`) are asked where the request has no
    /// status of its own: what all of them say is the status.
    init(answer: JSONValue) {
        if let word = answer["status"]?.word {
            self.init(word: word)
            return
        }
        guard let parts = answer["subRequests"] else {
            self = .unclear("the answer names no status")
            return
        }
        // One part may stand there by itself instead of a list.
        let words = (parts.isObject ? [parts] : parts.elements).map { $0["status"]?.word }
        let statuses = Set(words.map { $0.map { RequestStatus(word: $0) } ?? .unclear("a part names no status") })
        switch (statuses.count, statuses.first) {
        case (1, let status?): self = status
        case (0, _), (_, nil): self = .unclear("the answer names no status")
        default: self = .unclear("the parts differ: " + Set(words.compactMap(\.self)).sorted().joined(separator: ", "))
        }
    }

    private init(word: String) {
        self =
            DocumentedWords.requestStatuses[word]
            ?? .unclear("the status \(word.excerpt(limit: 60)) is documented nowhere")
    }
}
