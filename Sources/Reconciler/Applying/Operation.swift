/// The store's number for an operation.
public struct OperationID: Hashable, Sendable, CustomStringConvertible {
    public let number: Int64

    public init(_ number: Int64) {
        self.number = number
    }

    public var description: String { String(number) }
}

/// One action on one device, from intent to outcome: a value that takes events and changes its phase.
///
/// It does no I/O and reads no clock. The executor, the listener and the lookup only tell it what happened
/// (`received(_:at:policy:)` in `Operation+Events.swift`).
public struct Operation: Hashable, Sendable, Identifiable {
    /// How far an operation has come.
    public enum Phase: Hashable, Sendable {
        /// The intent is on disk and the call may have left; nothing is known of its answer.
        case intended
        /// The carrier took the request; a callback is awaited until `deadline`.
        case submitted(RequestID, deadline: Timestamp)
        /// The profile is on the device and its enabling is pending (`EXECUTED_WITHWARNING`), until `deadline`.
        case enablePending(deadline: Timestamp)
        /// The call may or may not have been taken; nothing is sent again before that is settled.
        /// `lookedUpAt` is when the carrier's records were found not to tell; `nil` as long as they may.
        case unresolved(reason: String, lookedUpAt: Timestamp? = nil)
        case succeeded
        /// It failed; `retryAt` is when it may be tried again, `nil` if a person is needed.
        case failed(OperationFailure, retryAt: Timestamp?)
        /// The carrier provably did not take it, for no fault of the device; it counts as no attempt. `retryAt` is
        /// when it may be sent, `nil` for at once.
        case withdrawn(reason: String, retryAt: Timestamp?)
    }

    public let id: OperationID
    public let key: DeviceKey
    public let action: ProfileAction
    public let account: AccountName
    public let smsr: SmsrOid
    /// The how-manieth try in a row this is, from 1.
    public let attempt: Int
    /// The request that carries it.
    public let request: RequestNumber
    public let intendedAt: Timestamp
    /// The run that intended it.
    public let run: RunNumber?
    public var phase: Phase
    /// The profile set that it was intended for; `nil` if it was written down before sets were kept.
    public let profileSet: String?

    public init(
        id: OperationID, key: DeviceKey, action: ProfileAction, account: AccountName, smsr: SmsrOid, attempt: Int,
        request: RequestNumber, intendedAt: Timestamp, run: RunNumber? = nil, phase: Phase = .intended,
        profileSet: String? = nil
    ) {
        self.id = id
        self.key = key
        self.action = action
        self.account = account
        self.smsr = smsr
        self.attempt = attempt
        self.request = request
        self.intendedAt = intendedAt
        self.run = run
        self.phase = phase
        self.profileSet = profileSet
    }

    /// Whether an outcome is still awaited.
    public var isOpen: Bool {
        switch phase {
        case .intended, .submitted, .enablePending, .unresolved: true
        case .succeeded, .failed, .withdrawn: false
        }
    }

    /// How many attempts in a row it leaves behind: none after a success, and a withdrawn one does not count.
    var attemptsUsed: Int {
        switch phase {
        case .succeeded: 0
        case .withdrawn: attempt - 1
        case .failed(let failure, _) where failure.wasNoAttempt == true: attempt - 1
        case .intended, .submitted, .enablePending, .unresolved, .failed: attempt
        }
    }

    /// When something has to be done if nothing has happened until then.
    public var deadline: Timestamp? {
        switch phase {
        case .submitted(_, let deadline), .enablePending(let deadline): deadline
        case .intended, .unresolved, .succeeded, .failed, .withdrawn: nil
        }
    }
}

/// Why an operation failed: the carrier's code and words, and a sentence that explains them.
public struct OperationFailure: Hashable, Codable, Sendable {
    /// What a failure calls for.
    public enum Remedy: String, Codable, Sendable {
        /// Trying again later may help.
        case retry
        /// A person has to change something first.
        case person
    }

    /// The carrier's code (`REQUEST_FAILED.DeviceNotFound`, `8.1,5.1`), if it gave one.
    public var code: String?
    /// The carrier's own words, if it gave any.
    public var carrierText: String?
    /// What happened and what to do, in a sentence.
    public var explanation: String
    public var remedy: Remedy
    /// Whether the call was never answered and provably changed nothing, so that it does not count as an attempt.
    public var wasNoAttempt: Bool?

    public init(code: String?, carrierText: String?, explanation: String, remedy: Remedy) {
        self.code = code
        self.carrierText = carrierText
        self.explanation = explanation
        self.remedy = remedy
    }
}

extension Operation.Phase {
    /// Whether the carrier has said that it took the request.
    var isKnownToBeTaken: Bool {
        switch self {
        case .intended, .unresolved: false
        case .submitted, .enablePending, .succeeded, .failed, .withdrawn: true
        }
    }

    /// Whether its outcome is unknown, and the carrier's records may still tell it.
    var mayBeSettledByLookup: Bool {
        if case .unresolved(_, lookedUpAt: nil) = self { return true }
        return false
    }
}
