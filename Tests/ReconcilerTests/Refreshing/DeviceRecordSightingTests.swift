import Testing

@testable import Reconciler

@Suite("What lists mean for a device")
struct DeviceRecordSightingTests {
    private let policy = ConvergencePolicy()
    private let start = Timestamp(milliseconds: 1_790_000_000_000)
    private var later: Timestamp { start + .seconds(100) }
    private var whole: ListProof { ListProof(isWhole: true, tellsEveryStatus: true, asOf: later) }

    private func record(
        _ state: ProfileState?, at time: Timestamp? = nil, service: ServiceState = .active,
        reached: ProfileState? = nil
    ) throws -> DeviceRecord {
        DeviceRecord(
            key: try Fleets.key(1), account: Fleets.account,
            observation: state.map {
                ProfileObservation(state: $0, profileStatus: "X", at: time ?? start, source: .callback)
            }, service: service, reached: reached, version: 3)
    }

    private func sighting(
        _ words: [String], asOf: Timestamp? = nil, service: ServiceState? = nil,
        source: ObservationSource = .deviceListV2
    ) -> DeviceSighting {
        let asOf = asOf ?? later
        return DeviceSighting(
            service: service,
            tellings: words.map {
                StatusTelling(state: ProfileState(profileStatus: $0), word: $0, source: source, asOf: asOf)
            }, asOf: asOf)
    }

    private func listed(_ record: DeviceRecord, _ sighting: DeviceSighting, _ proof: ListProof? = nil) -> SightedRecord
    {
        record.listed(sighting, on: Fleets.account, proof ?? whole, at: later + .seconds(9), policy: policy)
    }

    @Test(
        "the words of all lists together make the state",
        arguments: [
            (["ENABLE"], ProfileState.downloadedEnabled), (["DOWNLOAD_ENABLE", "ENABLE"], .downloadedEnabled),
            (["ENABLE", "DISABLE"], nil), (["NOT_DOWNLOADED", "DOWNLOAD_DISABLE"], nil),
            (["UNKNOWN"], nil), (["UNKNOWN", "DISABLE"], .downloadedDisabled), (["nonsense"], nil),
            (["none", "DISABLE"], .downloadedDisabled), (["DELETE"], .deleted), ([], nil),
        ] as [([String], ProfileState?)])
    func words(words: [String], state: ProfileState?) throws {
        for known in [nil, ProfileState.downloadedEnabled, .notDownloaded] {
            let before = try record(known)
            let sighted = listed(before, sighting(words))
            guard let state else {
                // What says nothing replaces no evidence: it puts it in doubt.
                #expect(sighted.record.observation == before.observation, "\(words)")
                #expect(sighted.record.hint?.kind == .unclearRecords && sighted.record.hint?.at == later)
                #expect(sighted.events.map(\.kind) == [.lookedUp])
                continue
            }
            #expect(sighted.record.observation?.state == state, "\(words) over \(String(describing: known))")
            #expect(sighted.record.observation?.at == later, "the time of asking")
            #expect(sighted.record.hint == nil)
            #expect(sighted.events.isEmpty == (known == state))
        }
    }

    @Test("a list that is not asked for every status leaves the state alone of which it says nothing")
    func v1Alone() throws {
        let proof = ListProof(isWhole: true, tellsEveryStatus: false, asOf: later)
        for known in [nil, ProfileState.downloadedEnabled, .unknown] {
            let before = try record(known, service: .unknown)
            let sighted = listed(before, sighting([], service: .suspended), proof)
            #expect(sighted.record.observation == before.observation)
            #expect(sighted.record.service == .suspended)
        }
    }

    @Test("a callback that came after the list was asked for wins, in profile and service")
    func callbackWins() throws {
        let known = try record(.downloadedEnabled, at: later + .milliseconds(1))
        for words in [["DISABLE"], ["DISABLE", "NOT_DOWNLOADED"], ["UNKNOWN"], []] {
            let sighted = listed(known, sighting(words, service: .suspended))
            #expect(sighted.record == known, "\(words)")
            #expect(sighted.events.isEmpty)
        }
        #expect(known.missing(whole, at: later + .seconds(9), policy: policy).record == known)
    }

    @Test("of lists that contradict each other, those asked for before the callback do not count")
    func callbackBetween() throws {
        let known = try record(.downloadedEnabled, at: later)
        var both = sighting(["DISABLE"], asOf: start)
        both.tellings += sighting(["ENABLE"], asOf: later + .seconds(1)).tellings
        #expect(listed(known, both).record.observation?.state == .downloadedEnabled)
    }

    private func inFlight(_ state: ProfileState, intendedAt: Timestamp) throws -> DeviceRecord {
        var record = try record(state)
        record.operation = Operation(
            id: OperationID(1), key: record.key, action: .enable, account: Fleets.account, smsr: Fleets.smsr,
            attempt: 1, request: RequestNumber(1), intendedAt: intendedAt,
            phase: .submitted(RequestID("r"), deadline: intendedAt + policy.callbackDeadline))
        return record
    }

    @Test("an operation in flight is not overwritten by what was asked for before it, whatever that says")
    func olderThanOperation() throws {
        let record = try inFlight(.downloadedDisabled, intendedAt: later + .seconds(1))
        for words in [["ENABLE"], ["DISABLE"], ["ENABLE", "DISABLE"], ["NOT_DOWNLOADED"], []] {
            let sighted = listed(record, sighting(words))
            #expect(sighted.record.operation == record.operation, "\(words)")
            #expect(sighted.record.observation == record.observation, "\(words)")
        }
        #expect(record.missing(whole, at: later + .seconds(9), policy: policy).record == record)
    }

    @Test("an operation in flight succeeds when a later list shows what it was for, and is left alone otherwise")
    func newerThanOperation() throws {
        let record = try inFlight(.downloadedDisabled, intendedAt: start)
        let done = listed(record, sighting(["ENABLE"])).record
        #expect(done.operation?.phase == .succeeded)
        #expect(done.reached == .downloadedEnabled && done.observation?.state == .downloadedEnabled)
        for words in [["DISABLE"], ["ENABLE", "DISABLE"], []] {
            #expect(listed(record, sighting(words)).record.operation == record.operation, "\(words): not due yet")
        }
    }

    @Test("a failure ends when a later list shows what it was for, and does not stand against a later correction")
    func refutedFailure() async throws {
        var record = try inFlight(.downloadedDisabled, intendedAt: start)
        record.reached = .downloadedEnabled
        let failure = OperationFailure(code: "1", carrierText: nil, explanation: "No.", remedy: .person)
        record.operation?.phase = .failed(failure, retryAt: nil)
        #expect(listed(record, sighting(["DISABLE"])).record.operation == record.operation)
        let done = listed(record, sighting(["ENABLE"]))
        #expect(done.record.operation?.phase == .succeeded && done.record.reached == .downloadedEnabled)
        #expect(done.events.map(\.kind) == [.lookedUp, .succeeded])
        let drifted = listed(done.record, sighting(["DISABLE"], asOf: later + .seconds(50))).record
        let fleet = try await Fleets.fleet(try Fleets.yaml(1, from: 1))
        let plan = Planner(now: later + .seconds(60)).plan(desired: fleet, known: KnownFleet([drifted]))
        #expect(plan.actions.map(\.action) == [.enable] && plan.actions.first?.isDrift == true)
    }

    @Test("what an old failure was for is drift all the same, where something else is declared now")
    func driftToWhatFailed() async throws {
        var record = try inFlight(.downloadedDisabled, intendedAt: start)
        record.observation?.state = .downloadedEnabled
        record.reached = .downloadedEnabled
        record.operation = Operation(
            id: OperationID(1), key: record.key, action: .disable, account: Fleets.account, smsr: Fleets.smsr,
            attempt: 1, request: RequestNumber(1), intendedAt: start,
            phase: .failed(
                OperationFailure(code: "1", carrierText: nil, explanation: "No.", remedy: .person), retryAt: nil))
        let seen = listed(record, sighting(["DISABLE"])).record
        #expect(seen.operation?.phase == .succeeded)
        let fleet = try await Fleets.fleet(try Fleets.yaml(1, from: 1))
        #expect(Planner(now: later).plan(desired: fleet, known: KnownFleet([seen])).drifts.count == 1)
    }

    @Test("an overdue operation of which whole lists tell nothing is held as unresolved")
    func overdue() throws {
        let record = try inFlight(.downloadedDisabled, intendedAt: start - .seconds(7200))
        for sighted in [
            listed(record, sighting(["ENABLE", "DISABLE"])), listed(record, sighting([])),
            record.missing(whole, at: later + .seconds(9), policy: policy),
        ] {
            guard case .unresolved(_, lookedUpAt: .some) = sighted.record.operation?.phase else {
                #expect(Bool(false), "\(String(describing: sighted.record.operation?.phase))")
                continue
            }
        }
    }

    @Test("a device that whole lists do not have is not on the account, and comes back when a list has it")
    func missing() throws {
        let known = try record(.downloadedEnabled)
        let gone = known.missing(whole, at: later, policy: policy)
        #expect(gone.record.service == .notOnAccount)
        #expect(gone.record.observation == known.observation, "absence says nothing of the profile")
        #expect(gone.events.count == 1)
        #expect(gone.record.missing(whole, at: later, policy: policy).events.isEmpty, "said once")
        #expect(listed(gone.record, sighting(["ENABLE"])).record.service == .active)
    }

    @Test("what moved away is kept with when it was last seen there, when it was first seen here, and by whom")
    func change() throws {
        var record = try record(.downloadedEnabled, reached: .downloadedEnabled)
        record = listed(record, sighting(["ENABLE"])).record
        #expect(record.change == nil && record.reachedSeenAt == nil)
        let seenLast = later
        record = listed(record, sighting(["DISABLE"], asOf: later + .seconds(50))).record
        #expect(record.reachedSeenAt == seenLast)
        #expect(record.change == ProfileChange(at: later + .seconds(50), source: .deviceListV2))
        let change = record.change
        record = listed(record, sighting(["DOWNLOAD_DISABLE"], asOf: later + .seconds(80))).record
        #expect(record.change == change && record.reachedSeenAt == seenLast, "seen again, and not changed again")
        record = listed(record, sighting(["DELETE"], asOf: later + .seconds(90))).record
        #expect(record.observation?.state == .downloadedDisabled, "the records may be behind")
        #expect(record.hint?.lookupAt == later + .seconds(80) + policy.recordsLag)
        record = listed(record, sighting(["DELETE"], asOf: later + .seconds(200))).record
        #expect(record.change?.at == later + .seconds(200) && record.reachedSeenAt == seenLast)
    }

    @Test(
        "whatever lists and callbacks say in whatever order they come, what is known is what was asked for last",
        arguments: 1...200 as ClosedRange<UInt64>)
    func anyOrder(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let words = ["ENABLE", "DISABLE", "NOT_DOWNLOADED", "DELETE", "UNKNOWN"]
        var record = try record(nil)
        var latest: (at: Timestamp, word: String)?
        var latestDoubt: Timestamp?
        for _ in 0..<20 {
            let asOf = start + .seconds(Int.random(in: 0..<1000, using: &random))
            guard let word = words.randomElement(using: &random), asOf != latest?.at, asOf != latestDoubt else {
                continue
            }
            record =
                record.listed(
                    sighting([word], asOf: asOf), on: Fleets.account, whole, at: start + .seconds(2000), policy: policy
                ).record
            // Records that say "gone" right after they said "there" may be behind.
            if record.hint?.detail.contains("may be behind") == true { return }
            if word == "UNKNOWN" {
                if asOf > latest?.at ?? .distantPast { latestDoubt = max(asOf, latestDoubt ?? asOf) }
            } else if latest.map({ asOf > $0.at }) ?? true {
                latest = (asOf, word)
            }
            #expect(record.observation?.at == latest?.at, "seed \(seed)")
            #expect(record.observation?.profileStatus == latest?.word, "seed \(seed)")
            // Records that were asked for after a doubt clear it, as soon as they can know.
            let settlesAt = latestDoubt.map { doubt in
                latest?.word == "ENABLE" || latest?.word == "DISABLE" ? doubt : doubt + policy.recordsLag
            }
            if let settlesAt, let latest, latest.at >= settlesAt { #expect(record.hint == nil, "seed \(seed)") }
            if let latestDoubt, latestDoubt > latest?.at ?? .distantPast {
                #expect(record.hint != nil, "seed \(seed)")
            }
        }
    }
}
