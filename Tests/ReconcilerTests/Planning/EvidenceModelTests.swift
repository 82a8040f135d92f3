import Foundation
import Testing

@testable import Reconciler

/// One profile, what is so of it, and what is known of it, while facts of all kinds come in an order drawn from a seed.
private struct EvidenceModel {
    private var random: SeededGenerator
    private let policy = ConvergencePolicy()
    private var now = Timestamp(milliseconds: 1_790_000_000_000)
    private var rule: EvidenceRule
    private(set) var truth: ProfileState
    /// What was so before, for records that lag behind.
    private var former: (state: ProfileState, until: Timestamp)
    private(set) var record: DeviceRecord
    private var backup: DeviceRecord?
    /// A download that the carrier reported as failed, and that the card does at a time.
    private var lateDownload: Timestamp?
    private(set) var permitted = 0
    private(set) var steps: [String] = []

    init(seed: UInt64, key: DeviceKey) {
        random = SeededGenerator(seed: seed)
        let states: [ProfileState] = [.notDownloaded, .downloadedEnabled, .deleted, .downloadedDisabled]
        truth = states.randomElement(using: &random) ?? .notDownloaded
        former = (truth, now)
        record = DeviceRecord(key: key, account: Fleets.account)
        rule = EvidenceRule(since: now)
    }

    private mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }

    /// What would be wrong now: a download that is permitted although the profile is there.
    var isWrong: Bool {
        truth.isOnDevice
            && Evidence(record).permission(for: .downloadEnable, at: now, by: rule) == .permitted
    }

    mutating func step() {
        now = now + .seconds(Int.random(in: 1...400, using: &random))
        if let due = lateDownload, due <= now {
            become(.downloadedEnabled, at: due)
            lateDownload = nil
        }
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1, 2: readList()
        case 3: readUnclearList()
        case 4: hearForeignChange()
        case 5: hear(staleState(), .foreign(RequestID("old")))
        case 6: hear(.failed(Self.busy), .foreign(RequestID("other")))
        case 7: hear(.unclear("UPDATING"), .foreign(nil))
        case 8: restoreOrRestart()
        case 9: settleByHand()
        default: act()
        }
    }

    private static let busy = OperationFailure(code: "8.1,5.1", carrierText: nil, explanation: "Busy.", remedy: .retry)

    private mutating func become(_ state: ProfileState, at time: Timestamp) {
        former = (truth, time)
        truth = state
    }

    // MARK: What is heard

    /// The records may lag behind the card by half of the lag that is allowed for.
    private mutating func readList() {
        let lagsBehind = former.until + policy.recordsLag / 2 > now && chance(0.5)
        take(lagsBehind ? former.state : truth)
    }

    private mutating func take(_ state: ProfileState) {
        let word = ["", "NOT_DOWNLOADED", "DISABLE", "ENABLE", "DELETE", "UPDATING"][Int(state.rawValue)]
        var sighting = DeviceSighting(asOf: now)
        sighting.tellings = [StatusTelling(state: state, word: word, source: .deviceListV2, asOf: now)]
        let proof = ListProof(isWhole: true, tellsEveryStatus: true, asOf: now)
        record = record.listed(sighting, on: Fleets.account, proof, at: now, policy: policy).record
        steps.append("list \(word)")
    }

    private mutating func readUnclearList() { take(.unknown) }

    /// Somebody else changes the profile, and a message about it comes in one of the forms that are known.
    private mutating func hearForeignChange() {
        let states: [(ProfileState, String)] = [
            (.downloadedEnabled, "DOWNLOAD_ENABLE"), (.downloadedDisabled, "DISABLE"), (.deleted, "DELETE"),
        ]
        guard let (state, word) = states.randomElement(using: &random) else { return }
        become(state, at: now)
        let readings: [CallbackReading] = [
            .succeeded(profileStatus: word), .unclear(word), .succeeded(profileStatus: nil),
            .enablePending(code: nil, text: nil),
        ]
        hear(readings.randomElement(using: &random) ?? .unclear(word), .foreign(RequestID("foreign")))
    }

    private mutating func staleState() -> CallbackReading {
        .succeeded(
            profileStatus: ["DELETE", "DISABLE", "NOT_DOWNLOADED", "ENABLE"].randomElement(using: &random))
    }

    private mutating func hear(_ reading: CallbackReading, _ relation: RequestRelation) {
        let fold = CallbackFold(
            reading, service: nil, callback: CallbackNumber(1), about: record, relation: relation, at: now,
            policy: policy)
        record = fold.record ?? record
        steps.append("\(relation) \(reading.summary)")
    }

    /// A backup takes the place of the store, or the process begins anew.
    private mutating func restoreOrRestart() {
        if backup == nil || chance(0.5) { backup = record }
        if chance(0.5), let backup { record = backup }
        rule = EvidenceRule(since: now)
        steps.append("restored or restarted")
    }

    private mutating func settleByHand() {
        let states: [ProfileState] = [.notDownloaded, .deleted]
        record.learn(states.randomElement(using: &random), status: nil, at: now, source: .person)
        record.hint = nil
        steps.append("resolved by hand")
    }

    // MARK: What is done

    private mutating func act() {
        guard record.operation?.isOpen != true, lateDownload == nil,
            Evidence(record).permission(for: .downloadEnable, at: now, by: rule) == .permitted
        else { return }
        permitted += 1
        var operation = Operation(
            id: OperationID(1), key: record.key, action: .downloadEnable, account: Fleets.account, smsr: Fleets.smsr,
            attempt: 1, request: RequestNumber(1), intendedAt: now)
        _ = operation.received(.accepted(RequestID("ours")), at: now, policy: policy)
        record.operation = operation
        now = now + .seconds(10)
        steps.append("download")
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            hear(.failed(Self.busy), .latestOperation)
        case 1:
            // Reported as failed, and done a little later.
            hear(.failed(Self.busy), .latestOperation)
            lateDownload = now + policy.retryDelay / 4
        case 2:
            become(.downloadedDisabled, at: now)
            hear(.enablePending(code: nil, text: nil), .latestOperation)
            endEnabling()
        case 3:
            // The message is lost.
            become(.downloadedEnabled, at: now)
            now = now + policy.callbackDeadline
            take(truth)
        default:
            become(.downloadedEnabled, at: now)
            hear(.succeeded(profileStatus: "DOWNLOAD_ENABLE"), .latestOperation)
        }
    }

    private mutating func endEnabling() {
        now = now + policy.enableAfter
        _ = record.operation?.received(.enablingOverdue, at: now, policy: policy)
    }
}

@Suite("Facts in any order")
struct EvidenceModelTests {
    /// Tried in one run; `EVIDENCE_SEED` and `EVIDENCE_HISTORIES` try others.
    private static let environment = ProcessInfo.processInfo.environment
    private static let first = environment["EVIDENCE_SEED"].flatMap { UInt64($0) } ?? 1
    private static let count = environment["EVIDENCE_HISTORIES"].flatMap { UInt64($0) } ?? 4000

    @Test("no download is permitted while the profile is there")
    func neverTwice() throws {
        let key = DeviceKey(eid: try Fleets.eid(1), iccid: try Fleets.iccid(1))
        var permitted = 0
        for seed in Self.first..<(Self.first + Self.count) {
            var model = EvidenceModel(seed: seed, key: key)
            for _ in 0..<40 {
                model.step()
                guard !model.isWrong else {
                    #expect(
                        Bool(false), "EVIDENCE_SEED=\(seed): \(model.steps.joined(separator: "; ")); \(model.record)")
                    return
                }
            }
            permitted += model.permitted
        }
        #expect(permitted > Int(Self.count) / 4, "so many downloads were permitted: \(permitted)")
    }
}
