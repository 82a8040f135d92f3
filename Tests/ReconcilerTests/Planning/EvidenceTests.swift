import Testing

@testable import Reconciler

@Suite("What permits a call")
struct EvidenceTests {
    private static let now = Timestamp(milliseconds: 1_790_000_000_000)
    private static let since = now - .seconds(600)
    private static let policy = ConvergencePolicy()

    /// When the state was proven.
    private enum Age: CaseIterable {
        case never
        case aDayAhead
        case inThisProcess
        case beforeThisProcess
        case twoDays

        var provenAt: Timestamp? {
            switch self {
            case .never: nil
            case .aDayAhead: now + .seconds(86_400)
            case .inThisProcess: now - .seconds(60)
            case .beforeThisProcess: now - .seconds(3600)
            case .twoDays: now - .seconds(2 * 86_400)
            }
        }
    }

    /// What puts it in doubt.
    private enum Doubt: CaseIterable {
        case none
        case saysGone
        case saysThere
        case unclear
        /// The same of before the process began, so that who says `trust` may have known it.
        case saidGone
        case saidThere
        case wasUnclear

        var hint: Hint? {
            func hint(_ suggests: ProfileState?, ago: Duration = .seconds(30)) -> Hint {
                Hint(.otherRequest, at: now - ago, detail: "x", suggests: suggests)
            }
            return switch self {
            case .none: nil
            case .saysGone: hint(.deleted)
            case .saysThere: hint(.downloadedEnabled)
            case .unclear: hint(nil)
            case .saidGone: hint(.deleted, ago: .seconds(700))
            case .saidThere: hint(.downloadedEnabled, ago: .seconds(700))
            case .wasUnclear: hint(nil, ago: .seconds(700))
            }
        }
    }

    /// What we asked for last.
    private enum Last: CaseIterable {
        case nothing
        case open
        /// The next attempt was due before, or after, evidence of this process.
        case failedLongAgo
        case failedJustNow

        var attempt: Evidence.Attempt? {
            func attempt(_ intended: Duration, due: Duration, isOpen: Bool = false) -> Evidence.Attempt {
                Evidence.Attempt(intendedAt: now - intended, dueAt: now - due, isOpen: isOpen)
            }
            return switch self {
            case .nothing: nil
            case .open: attempt(.seconds(90), due: .seconds(90), isOpen: true)
            case .failedLongAgo: attempt(.seconds(7200), due: .seconds(7000))
            case .failedJustNow: attempt(.seconds(120), due: .seconds(10))
            }
        }
    }

    /// The rule of DESIGN.md, "Evidence", written once more from the side of what is forbidden.
    private func isPermitted(
        _ action: ProfileAction, _ age: Age, _ doubt: Doubt, _ last: Last, _ verification: ApplyOptions.Verification
    ) -> Bool {
        let isTrusted = verification == .trust
        if last == .open { return false }
        switch doubt {
        case .none: break
        case .saysGone, .unclear, .saysThere: return false
        case .saidGone, .wasUnclear: if !isTrusted { return false }
        case .saidThere: if !isTrusted || action.isDownload { return false }
        }
        let isProven = isTrusted || (age != .never && age != .aDayAhead)
        guard isProven else { return false }
        if action == .enable { return true }
        // Of what was tried before the word of a person nothing is left to be asked.
        if last == .failedJustNow { return false }
        if last == .failedLongAgo, !isTrusted, age == .twoDays { return false }
        return isTrusted || age == .inThisProcess
    }

    @Test("only young evidence without doubt or attempt permits a call")
    func table() {
        for action in ProfileAction.allCases {
            for age in Age.allCases {
                for doubt in Doubt.allCases {
                    for last in Last.allCases {
                        for verification in ApplyOptions.Verification.allCases {
                            let facts = Evidence(
                                state: age == .never ? nil : action.isDownload ? .notDownloaded : .downloadedEnabled,
                                provenAt: age.provenAt, hint: doubt.hint, attempt: last.attempt)
                            let rule = EvidenceRule(since: Self.since, verification: verification)
                            let permission = facts.permission(for: action, at: Self.now, by: rule)
                            #expect(
                                (permission == .permitted) == isPermitted(action, age, doubt, last, verification),
                                "\(action) \(age) \(doubt) \(last) \(verification)")
                        }
                    }
                }
            }
        }
    }

    @Test("a call needs the state that its action starts from")
    func startingState() {
        for action in ProfileAction.allCases {
            for state in ProfileState.allCases {
                let facts = Evidence(state: state, provenAt: Self.now - .seconds(60))
                let permission = facts.permission(for: action, at: Self.now, by: EvidenceRule(since: Self.since))
                let isRight = state != .unknown && state.isOnDevice == !action.isDownload
                #expect((permission == .permitted) == isRight, "\(action) from \(state)")
            }
        }
    }

    @Test("only lists and own callbacks are evidence", arguments: ObservationSource.allCases)
    func sources(source: ObservationSource) throws {
        let record = DeviceRecord(
            key: DeviceKey(eid: try Fleets.eid(1), iccid: try Fleets.iccid(1)), account: Fleets.account,
            observation: ProfileObservation(
                state: .notDownloaded, profileStatus: nil, at: Self.now - .seconds(60), source: source))
        let permission = Evidence(record).permission(
            for: .downloadEnable, at: Self.now, by: EvidenceRule(since: Self.since))
        #expect((permission == .permitted) == [.callback, .deviceListV1, .deviceListV2].contains(source))
        if case .lookUpFirst(let reason, _) = permission { #expect(reason == .unproven) }
    }

    @Test("after a doubt records that say gone count once they can know")
    func recordsLag() throws {
        var record = DeviceRecord(
            key: DeviceKey(eid: try Fleets.eid(1), iccid: try Fleets.iccid(1)), account: Fleets.account)
        let lag = Self.policy.recordsLag
        record.doubt(Hint(.otherRequest, at: Self.now, detail: "x", suggests: .downloadedEnabled))
        record.prove(.notDownloaded, word: nil, asOf: Self.now + .seconds(1), source: .deviceListV2, lag: lag)
        #expect(record.hint?.lookupAt == Self.now + lag, "the records may not show yet what was reported")
        record.prove(.notDownloaded, word: nil, asOf: Self.now + lag, source: .deviceListV2, lag: lag)
        #expect(record.hint == nil)
        record.doubt(Hint(.otherRequest, at: Self.now, detail: "x", suggests: .deleted))
        record.prove(.downloadedEnabled, word: nil, asOf: Self.now, source: .deviceListV2, lag: lag)
        #expect(record.hint == nil, "presence settles at once")
    }

    @Test("that a profile may be there outlives later hints")
    func joinedHints() {
        func hint(_ seconds: Int, _ suggests: ProfileState?) -> Hint {
            Hint(.otherRequest, at: Self.now + .seconds(seconds), detail: "x", suggests: suggests)
        }
        #expect(hint(1, .deleted).joined(with: hint(0, .downloadedEnabled)).suggestsPresence)
        #expect(hint(1, .deleted).joined(with: hint(0, nil)).allowsPresence)
        #expect(hint(1, .downloadedEnabled).joined(with: hint(0, .deleted)).suggestsPresence)
        #expect(hint(1, .deleted).joined(with: hint(0, .notDownloaded)).suggests == .deleted)
        #expect(hint(0, nil).joined(with: hint(1, nil)).at == Self.now + .seconds(1))
    }

    @Test("a doubt of a clock that was ahead is cleared all the same")
    func doubtToCome() throws {
        var record = DeviceRecord(key: try Fleets.key(1), account: Fleets.account)
        record.doubt(Hint(.otherRequest, at: Self.now + .seconds(86_400), detail: "x", suggests: .deleted))
        #expect(record.hint?.dueAt(Self.now) == Self.now)
        let telling = StatusTelling(
            state: .notDownloaded, word: "NOT_DOWNLOADED", source: .deviceListV2, asOf: Self.now)
        let sighting = DeviceSighting(tellings: [telling], asOf: Self.now)
        let proof = ListProof(isWhole: true, tellsEveryStatus: true, asOf: Self.now)
        var read = record.listed(sighting, on: Fleets.account, proof, at: Self.now, policy: Self.policy).record
        #expect(read.hint == nil && read.observation?.state == .notDownloaded)
        // A list that was asked for before the doubt was found says nothing of it.
        read =
            record.listed(
                sighting, on: Fleets.account, proof, at: Self.now + .seconds(1), policy: Self.policy
            ).record
        #expect(read.hint?.at == Self.now + .seconds(1))
    }

    @Test("records that say gone right after they said there may be behind")
    func recentPresence() throws {
        var record = DeviceRecord(key: try Fleets.key(1), account: Fleets.account)
        let lag = Self.policy.recordsLag
        record.prove(.downloadedEnabled, word: nil, asOf: Self.now, source: .callback, lag: lag)
        for (seconds, isBelieved) in [(1, false), (59, false), (60, true)] {
            let asOf = Self.now + .seconds(seconds)
            let telling = StatusTelling(state: .deleted, word: "DELETE", source: .deviceListV2, asOf: asOf)
            let read = record.listed(
                DeviceSighting(tellings: [telling], asOf: asOf), on: Fleets.account,
                ListProof(isWhole: true, tellsEveryStatus: true, asOf: asOf), at: asOf, policy: Self.policy
            ).record
            #expect((read.observation?.state == .deleted) == isBelieved, "\(seconds) s")
            #expect((read.hint == nil) == isBelieved)
            if !isBelieved { #expect(read.hint?.lookupAt == Self.now + lag) }
        }
    }

    @Test("lookups that settle nothing come less and less often")
    func lookupBackoff() {
        var hint = Hint(.unclearRecords, at: Self.now, detail: "x")
        var waits: [Duration] = []
        for _ in 1...12 {
            let asOf = hint.lookupAt
            hint = hint.stillOpen(after: asOf)
            waits.append(hint.lookupAt - asOf)
        }
        #expect(waits.prefix(4) == [.seconds(1), .seconds(2), .seconds(4), .seconds(8)])
        #expect(waits.last == .seconds(2048))
    }
}
