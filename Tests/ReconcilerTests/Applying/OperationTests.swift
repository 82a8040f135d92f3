import Testing

@testable import Reconciler

@Suite("The life of an operation")
struct OperationTests {
    private let start = Timestamp(milliseconds: 1_790_000_000_000)
    private let policy = ConvergencePolicy()
    private let failure = OperationFailure(
        code: "8.1,5.1", carrierText: "out of reach", explanation: "Out of reach.", remedy: .retry)

    private func operation(_ action: ProfileAction = .downloadEnable, attempt: Int = 1) throws -> Operation {
        Operation(
            id: OperationID(1), key: try Fleets.key(0), action: action, account: Fleets.account, smsr: Fleets.smsr,
            attempt: attempt, request: RequestNumber(1), intendedAt: start)
    }

    private func after(
        _ events: [OperationEvent], _ action: ProfileAction = .downloadEnable
    ) throws -> (Operation, OperationEffect) {
        var operation = try operation(action)
        var effect = OperationEffect.none
        for event in events { effect = operation.received(event, at: start, policy: policy) }
        return (operation, effect)
    }

    @Test("accepted, then reported as done: succeeded, and the profile is known")
    func success() throws {
        let (operation, effect) = try after([.accepted(RequestID("r")), .reportedSuccess(.downloadedEnabled)])
        #expect(operation.phase == .succeeded)
        #expect(effect.profile == .downloadedEnabled)
    }

    @Test("a callback that is faster than the answer to the call is not undone by it")
    func fastCallback() throws {
        let (operation, effect) = try after([.reportedSuccess(.downloadedEnabled), .accepted(RequestID("r"))])
        #expect(operation.phase == .succeeded)
        #expect(!effect.changed)
    }

    @Test("a warning is neither success nor failure: the profile is there, its enabling pending")
    func warning() throws {
        let (warned, effect) = try after([.accepted(RequestID("r")), .reportedWarning])
        #expect(warned.phase == .enablePending(deadline: start + policy.enableAfter))
        #expect(effect.profile == .downloadedDisabled)
        #expect(warned.isOpen)
        let (done, _) = try after([.accepted(RequestID("r")), .reportedWarning, .reportedSuccess(.downloadedEnabled)])
        #expect(done.phase == .succeeded)
        let (failed, _) = try after([.accepted(RequestID("r")), .reportedWarning, .reportedFailure(failure)])
        #expect(failed.phase == .failed(failure, retryAt: start + policy.retryDelay))
    }

    @Test("a warning ends a download that enables nothing: no enabling is pending")
    func warnedDownload() throws {
        let (warned, effect) = try after([.accepted(RequestID("r")), .reportedWarning], .downloadDisable)
        #expect(warned.phase == .succeeded)
        #expect(effect.profile == .downloadedDisabled)
    }

    @Test("a warning that comes after the success changes nothing")
    func lateWarning() throws {
        let (operation, effect) = try after([.reportedSuccess(.downloadedEnabled), .reportedWarning])
        #expect(operation.phase == .succeeded)
        #expect(!effect.changed)
    }

    @Test("success with another state than the wished one is no success")
    func otherState() throws {
        let (operation, effect) = try after([.accepted(RequestID("r")), .reportedSuccess(.downloadedDisabled)])
        guard case .failed(_, let retryAt) = operation.phase else { return #expect(Bool(false), "\(operation.phase)") }
        #expect(retryAt != nil)
        #expect(effect.profile == .downloadedDisabled)
    }

    @Test("records that say `not there` settle nothing before the callback is due, and everything after")
    func lookup() throws {
        var unresolved = try after([.outcomeUnknown(reason: "time-out")]).0
        let soon = unresolved.received(.lookedUp(.notDownloaded, asOf: start), at: start, policy: policy)
        #expect(!soon.changed)
        #expect(unresolved.isOpen)
        let later = start + policy.callbackDeadline
        let due = unresolved.received(.lookedUp(.notDownloaded, asOf: later), at: later, policy: policy)
        #expect(due.profile == .notDownloaded)
        #expect(!unresolved.isOpen)
    }

    @Test("records that say `as wished` settle an operation at once")
    func positiveLookup() throws {
        var operation = try after([.outcomeUnknown(reason: "time-out")]).0
        _ = operation.received(.lookedUp(.downloadedEnabled, asOf: start), at: start, policy: policy)
        #expect(operation.phase == .succeeded)
    }

    @Test("what no lookup can settle stays unresolved")
    func unresolved() throws {
        let later = start + policy.callbackDeadline
        var operation = try after([.accepted(RequestID("r"))]).0
        _ = operation.received(.lookedUp(nil, asOf: later), at: later, policy: policy)
        guard case .unresolved = operation.phase else { return #expect(Bool(false), "\(operation.phase)") }
        _ = operation.received(.resolved(.downloadedEnabled), at: later, policy: policy)
        #expect(operation.phase == .succeeded)
    }

    @Test("a failure that turns out to be none is a success, and any other news leaves it as it is")
    func refuted() throws {
        for event in [
            OperationEvent.lookedUp(.downloadedEnabled, asOf: start), .resolved(.downloadedEnabled),
            .reportedSuccess(.downloadedEnabled),
        ] {
            let (operation, effect) = try after([.accepted(RequestID("r")), .reportedFailure(failure), event])
            #expect(operation.phase == .succeeded && effect.profile == .downloadedEnabled, "\(event)")
        }
        for event in [
            OperationEvent.lookedUp(.downloadedEnabled, asOf: start - .seconds(1)), .lookedUp(nil, asOf: start),
            .lookedUp(.downloadedDisabled, asOf: start), .resolved(.notDownloaded), .reportedSuccess(nil),
        ] {
            let (operation, effect) = try after([.accepted(RequestID("r")), .reportedFailure(failure), event])
            guard case .failed = operation.phase, effect == .none else { return #expect(Bool(false), "\(event)") }
        }
    }

    @Test("attempts end: the last one leaves a failure for a person")
    func attemptsEnd() throws {
        var last = try operation(attempt: policy.maximumAttempts)
        _ = last.received(.reportedFailure(failure), at: start, policy: policy)
        #expect(last.phase == .failed(failure, retryAt: nil))
    }

    @Test("an enabling that hangs uses up its attempts, and is a failure then (F18)")
    func hangingEnabling() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(2))
        let key = fleet.devices[1].key
        var record = DeviceRecord(key: key, account: Fleets.account)
        var (action, attempt, now) = (ProfileAction.downloadEnable, 1, start)
        for round in 1...policy.maximumAttempts {
            var operation = Operation(
                id: OperationID(Int64(round)), key: key, action: action, account: Fleets.account, smsr: Fleets.smsr,
                attempt: attempt, request: RequestNumber(1), intendedAt: now)
            _ = operation.received(.accepted(RequestID("r")), at: now, policy: policy)
            _ = operation.received(.reportedWarning, at: now, policy: policy)
            now = now + policy.enableAfter + .seconds(1)
            #expect(operation.received(.enablingOverdue, at: now, policy: policy).changed)
            record.operation = operation
            record.prove(.downloadedDisabled, word: nil, asOf: now, source: .callback, lag: policy.recordsLag)
            now = now + .seconds(3600)
            let plan = Planner(now: now).plan(desired: fleet, known: KnownFleet([record]))
            let next = plan.actions.first { $0.key == key }
            if round < policy.maximumAttempts {
                #expect(next?.action == .enable && next?.attempt == round + 1, "\(round)")
            } else {
                #expect(next == nil && plan.exceptions.map(\.reason.name) == ["failed"])
            }
            (action, attempt) = (.enable, next?.attempt ?? 0)
        }
    }

    @Test("whatever comes in whatever order, an ended operation stays ended and knows the profile", arguments: 1...200)
    func anyOrder(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let events: [OperationEvent] = [
            .accepted(RequestID("r")), .outcomeUnknown(reason: "x"), .reportedWarning,
            .stillQueued(until: start + .seconds(9999)),
            .reportedSuccess(.downloadedEnabled), .reportedSuccess(nil), .reportedFailure(failure),
            .lookedUp(nil, asOf: start), .lookedUp(.notDownloaded, asOf: start),
            .lookedUp(.downloadedEnabled, asOf: start), .enablingOverdue,
        ]
        var operation = try operation()
        var known: ProfileState?
        for _ in 0..<30 {
            guard let event = events.randomElement(using: &random) else { continue }
            let before = operation
            let effect = operation.received(event, at: start, policy: policy)
            known = effect.profile ?? known
            #expect(effect.changed == (operation != before), "seed \(seed), \(event)")
            if before.phase == .succeeded { #expect(operation == before, "seed \(seed), \(event)") }
            if operation.phase == .succeeded { #expect(known == .downloadedEnabled, "seed \(seed), \(event)") }
        }
    }
}
