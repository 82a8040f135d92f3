/// Whether the state store keeps what is written.
public enum StoreCondition: Sendable {
    case untried
    /// It did at that time, and the next try is over before `until` unless the disk does not answer.
    case keeps(at: Timestamp, until: Timestamp)
    case fails(StateStoreError, since: Timestamp)

    /// What is wrong with it.
    public struct Problem: Hashable, Sendable {
        /// What stays the same for as long as the same is wrong.
        let condition: String
        /// What is wrong, in a few words that anybody may read.
        public let summary: String
        /// What happened and what to do.
        public let text: String

        init(_ error: StateStoreError) {
            condition = "\(error.reason)"
            summary =
                switch error.reason {
                case .full: "its disk is full"
                case .readOnly: "it may not be written to"
                case .locked: "another process has locked it"
                case .replaced: "its file is gone or was replaced"
                case .damaged: "it is damaged"
                case .newerFormat, .cannotOpen, .other: "it cannot be used"
                }
            text = error.description
        }

        fileprivate init(silentSince time: Timestamp) {
            condition = "silent"
            summary = "it does not answer"
            text =
                "The state store has not answered since \(time), so that nothing is written down or sent. Look at its "
                + "disk; if that is in order, start `profilectl serve` again."
        }
    }

    /// What is wrong with it as far as that is known.
    public func problem(at now: Timestamp) -> Problem? {
        switch self {
        case .untried: nil
        case .keeps(let time, let until): now < until ? nil : Problem(silentSince: time)
        case .fails(let error, _): Problem(error)
        }
    }
}
