/// One entry of the event log: a device's timeline when read in order. None is
/// ever changed; old ones are forgotten (`HistoryLimit`).
public struct StateEvent: Hashable, Sendable {
    /// What happened.
    public enum Kind: UInt8, CaseIterable, Sendable {
        case intended = 1
        case accepted = 2
        case refused = 3
        case notSent = 4
        case outcomeUnknown = 5
        case callback = 6
        case succeeded = 7
        case enablePending = 8
        case failed = 9
        case lookedUp = 10
        case observed = 11
        case resolved = 12
        case overdue = 13

        /// The name that the timeline and JSON use.
        public var name: String {
            switch self {
            case .intended: "intended"
            case .accepted: "accepted"
            case .refused: "refused"
            case .notSent: "not sent"
            case .outcomeUnknown: "outcome unknown"
            case .callback: "callback"
            case .succeeded: "succeeded"
            case .enablePending: "enable pending"
            case .failed: "failed"
            case .lookedUp: "looked up"
            case .observed: "observed"
            case .resolved: "resolved by hand"
            case .overdue: "overdue"
            }
        }
    }

    public let at: Timestamp
    public let device: DeviceKey
    public let kind: Kind
    public let operation: OperationID?
    public let request: RequestNumber?
    public let callback: CallbackNumber?
    /// The run that caused it.
    public let run: RunNumber?
    /// What a person needs to know beside the kind, in words.
    public let detail: String

    public init(
        at: Timestamp, device: DeviceKey, kind: Kind, operation: OperationID? = nil, request: RequestNumber? = nil,
        callback: CallbackNumber? = nil, run: RunNumber? = nil, detail: String = ""
    ) {
        self.at = at
        self.device = device
        self.kind = kind
        self.operation = operation
        self.request = request
        self.callback = callback
        self.run = run
        self.detail = detail
    }
}
