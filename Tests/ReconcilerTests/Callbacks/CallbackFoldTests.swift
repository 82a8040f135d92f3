import Testing

@testable import Reconciler

@Suite("What a message means for a device")
struct CallbackFoldTests {
    private static let now = Timestamp(milliseconds: 1_790_000_000_000)
    private static let policy = ConvergencePolicy()
    private static let failure = OperationFailure(
        code: "8.1,5.1", carrierText: "not reached", explanation: "Not reached.", remedy: .retry)

    /// How far the device's latest operation has come.
    private enum Latest: CaseIterable {
        case none
        case open
        case succeeded
        case failed
        case withdrawn
    }

    private enum Effect: Equatable, CustomStringConvertible {
        /// Nothing of what is known changes.
        case nothing
        /// The operation ends; `isProof` is whether what is known then is evidence.
        case succeeds(isProof: Bool)
        case fails
        case enablePending
        /// Something is in doubt, and perhaps the profile is there.
        case doubt(Hint.Kind, mayBeThere: Bool)

        var description: String {
            switch self {
            case .nothing: "nothing"
            case .succeeds(let isProof): isProof ? "succeeds" : "succeeds without proof"
            case .fails: "fails"
            case .enablePending: "enable pending"
            case .doubt(let kind, let mayBeThere): "doubt \(kind)" + (mayBeThere ? ", may be there" : "")
            }
        }
    }

    private static let enabled = CallbackReading.succeeded(profileStatus: "DOWNLOAD_ENABLE")
    private static let deleted = CallbackReading.succeeded(profileStatus: "DELETE")
    private static let warning = CallbackReading.enablePending(code: "8.2.1,3.9", text: "expired")
    private static let failed = CallbackReading.failed(failure)
    private static let unclear = CallbackReading.unclear("UPDATING")

    /// A device whose latest operation, if there is one, is a download, and that is known as it would be then.
    private func record(_ latest: Latest) throws -> DeviceRecord {
        let key = try Fleets.key(1)
        var record = DeviceRecord(key: key, account: Fleets.account)
        let known: ProfileState = latest == .succeeded ? .downloadedEnabled : .notDownloaded
        record.observation = ProfileObservation(
            state: known, profileStatus: nil, at: Self.now - .seconds(600), source: .deviceListV2)
        let phase: Operation.Phase? =
            switch latest {
            case .none: nil
            case .open: .submitted(RequestID("ours"), deadline: Self.now + .seconds(600))
            case .succeeded: .succeeded
            case .failed: .failed(Self.failure, retryAt: Self.now + .seconds(30))
            case .withdrawn: .withdrawn(reason: "busy", retryAt: nil)
            }
        record.operation = phase.map { phase in
            Operation(
                id: OperationID(1), key: key, action: .downloadEnable, account: Fleets.account, smsr: Fleets.smsr,
                attempt: 1, request: RequestNumber(1), intendedAt: Self.now - .seconds(60), phase: phase)
        }
        return record
    }

    private func effect(_ reading: CallbackReading, _ latest: Latest, _ relation: RequestRelation) throws -> Effect {
        let before = try record(latest)
        let fold = CallbackFold(
            reading, service: nil, callback: CallbackNumber(1), about: before, relation: relation, at: Self.now,
            policy: Self.policy)
        guard let after = fold.record else { return .nothing }
        if let hint = after.hint {
            #expect(
                after.observation == before.observation && after.operation == before.operation, "a hint is no proof")
            return .doubt(hint.kind, mayBeThere: hint.allowsPresence)
        }
        switch after.operation?.phase {
        case .succeeded where before.operation?.phase != .succeeded:
            return .succeeds(isProof: after.observation?.source.isEvidence ?? false)
        case .failed where before.operation?.phase != after.operation?.phase: return .fails
        case .enablePending: return .enablePending
        default: return .nothing
        }
    }

    @Test("under the request of the latest operation")
    func own() throws {
        let table: [(CallbackReading, [Latest: Effect])] = [
            (
                Self.enabled,
                [
                    .open: .succeeds(isProof: true), .succeeded: .nothing, .failed: .succeeds(isProof: true),
                    .withdrawn: .doubt(.earlierRequest, mayBeThere: true),
                ]
            ),
            (
                .succeeded(profileStatus: nil),
                [
                    .open: .succeeds(isProof: true), .succeeded: .nothing,
                    .failed: .doubt(.earlierRequest, mayBeThere: true),
                ]
            ),
            (Self.deleted, [.open: .fails, .succeeded: .doubt(.earlierRequest, mayBeThere: false)]),
            (
                Self.warning,
                [
                    .open: .enablePending, .succeeded: .nothing,
                    .failed: .doubt(.earlierRequest, mayBeThere: true),
                ]
            ),
            // F14: the card may have rolled back.
            (
                Self.failed,
                [.open: .fails, .succeeded: .doubt(.rollback, mayBeThere: true), .failed: .nothing]
            ),
            // F58: what nobody has documented is neither success nor failure.
            (
                Self.unclear,
                [
                    .open: .doubt(.unclearMessage, mayBeThere: true),
                    .succeeded: .doubt(.unclearMessage, mayBeThere: true),
                ]
            ),
        ]
        for (reading, row) in table {
            for (latest, expected) in row {
                #expect(try effect(reading, latest, .latestOperation) == expected, "\(reading.summary), \(latest)")
            }
        }
    }

    @Test("under an earlier request of ours")
    func earlier() throws {
        let earlier = RequestRelation.earlierOperation(.downloadEnable, hasSucceeded: false)
        // F13: the success of the first request completes what the second one is for.
        #expect(try effect(Self.enabled, .open, earlier) == .succeeds(isProof: false))
        #expect(try effect(.succeeded(profileStatus: nil), .open, earlier) == .succeeds(isProof: false))
        #expect(try effect(Self.enabled, .succeeded, earlier) == .nothing)
        // A success that is told once more completes nothing that was asked for since.
        let again = RequestRelation.earlierOperation(.downloadEnable, hasSucceeded: true)
        #expect(try effect(Self.enabled, .open, again) == .doubt(.earlierRequest, mayBeThere: true))
        #expect(try effect(Self.enabled, .withdrawn, earlier) == .doubt(.earlierRequest, mayBeThere: true))
        #expect(try effect(Self.deleted, .succeeded, earlier) == .doubt(.earlierRequest, mayBeThere: false))
        for latest in [Latest.open, .succeeded, .failed] {
            #expect(try effect(Self.failed, latest, earlier) == .nothing, "a failure counts under its own request")
        }
        #expect(try effect(Self.warning, .failed, earlier) == .doubt(.earlierRequest, mayBeThere: true))
        #expect(try effect(Self.warning, .succeeded, earlier) == .nothing)
    }

    @Test("under a request that is none of ours (F3, F55, F57)")
    func foreign() throws {
        for request in [RequestID("theirs"), nil] {
            let foreign = RequestRelation.foreign(request)
            #expect(try effect(Self.enabled, .open, foreign) == .succeeds(isProof: false))
            for latest in [Latest.none, .failed, .withdrawn] {
                #expect(
                    try effect(Self.enabled, latest, foreign) == .doubt(.otherRequest, mayBeThere: true), "\(latest)")
            }
            #expect(try effect(Self.enabled, .succeeded, foreign) == .nothing, "it is known")
            #expect(try effect(Self.deleted, .succeeded, foreign) == .doubt(.otherRequest, mayBeThere: false))
            for latest in Latest.allCases {
                #expect(
                    try effect(Self.failed, latest, foreign) == .doubt(.otherFailure, mayBeThere: true), "\(latest)")
                #expect(
                    try effect(Self.warning, latest, foreign) == .doubt(.otherFailure, mayBeThere: true), "\(latest)")
                #expect(
                    try effect(Self.unclear, latest, foreign) == .doubt(.unclearMessage, mayBeThere: true), "\(latest)")
            }
        }
    }

    @Test("a message about another profile changes nothing of ours (F3)")
    func otherProfile() throws {
        for reading in [Self.enabled, Self.deleted, Self.failed, Self.warning] {
            for latest in Latest.allCases {
                let before = try record(latest)
                let fold = CallbackFold(
                    otherProfile: reading, callback: CallbackNumber(1), on: before, at: Self.now, policy: Self.policy)
                #expect(fold.verdict == .otherProfile && fold.events.count == 1)
                let after = fold.record ?? before
                #expect(after.observation == before.observation && after.operation == before.operation)
                // At most one profile of a card is enabled.
                let mayBeDisabled = reading == Self.enabled && (latest == .succeeded || latest == .open)
                #expect((after.hint?.kind == .otherProfile) == mayBeDisabled, "\(reading.summary), \(latest)")
            }
        }
    }

    @Test("a refusal for good is looked up before it counts (F2)")
    func refusedForGood() throws {
        for (code, mayBeThere) in [("8.2.1,3.3", true), ("8.2.5,3.8", false)] {
            let failure = OperationFailure(code: code, carrierText: nil, explanation: "No.", remedy: .person)
            let fold = CallbackFold(
                .failed(failure), service: nil, callback: CallbackNumber(1), about: try record(.open),
                relation: .latestOperation, at: Self.now, policy: Self.policy)
            #expect(fold.record?.operation?.phase == .failed(failure, retryAt: nil))
            #expect(fold.record?.hint?.kind == .requestFailed)
            #expect(fold.record?.hint?.suggestsPresence == mayBeThere, "\(code)")
        }
    }

    @Test("an enabling that hangs ends with the last attempt (F18)")
    func hangingEnabling() throws {
        for attempt in 1...Self.policy.maximumAttempts {
            var operation = Operation(
                id: OperationID(1), key: try Fleets.key(1), action: .enable, account: Fleets.account,
                smsr: Fleets.smsr, attempt: attempt, request: RequestNumber(1), intendedAt: Self.now,
                phase: .enablePending(deadline: Self.now))
            #expect(operation.received(.enablingOverdue, at: Self.now, policy: Self.policy).changed)
            guard case .failed(_, let retryAt) = operation.phase else { return #expect(Bool(false)) }
            #expect((retryAt == nil) == (attempt == Self.policy.maximumAttempts))
        }
    }

    @Test("what a lookup shows as not taken is no attempt (F33)")
    func untaken() throws {
        var operation = Operation(
            id: OperationID(1), key: try Fleets.key(1), action: .downloadEnable, account: Fleets.account,
            smsr: Fleets.smsr, attempt: Self.policy.maximumAttempts, request: RequestNumber(1),
            intendedAt: Self.now - .seconds(7200), phase: .unresolved(reason: "HTTP status 503"))
        _ = operation.received(.lookedUp(.notDownloaded, asOf: Self.now), at: Self.now, policy: Self.policy)
        guard case .failed(_, let retryAt?) = operation.phase else { return #expect(Bool(false)) }
        #expect(retryAt == Self.now + Self.policy.retryDelay)
        #expect(operation.attemptsUsed == Self.policy.maximumAttempts - 1)
    }
}
