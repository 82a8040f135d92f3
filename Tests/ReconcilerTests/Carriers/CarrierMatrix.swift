import Foundation
import Simulator

@testable import Reconciler

/// One run with a carrier that behaves badly.
struct CarrierCell: Sendable, CustomStringConvertible {
    enum RunKind: String, CaseIterable, Sendable {
        case apply
        case savedPlan = "apply PLANFILE"
        case serve
    }

    /// What is known as the run begins.
    enum StoreKind: String, CaseIterable, Sendable {
        /// Nothing.
        case empty
        /// What an earlier run has reached; people have changed some of it since.
        case warm
        /// What was known before most of the downloads.
        case restored
        /// Nothing, while another machine has downloaded most of the profiles.
        case otherMachine = "other machine"
    }

    let behaviors: [CarrierBehavior]
    let run: RunKind
    let store: StoreKind
    var seed: UInt64 = 1
    /// How many changes people make meanwhile.
    var changes = 0

    var name: String { "\(behaviors.map(\.rawValue).joined(separator: " + ")), \(run.rawValue), \(store.rawValue)" }
    var description: String { "\(name), seed \(seed)" + (changes > 0 ? ", \(changes) changes by people" : "") }

    /// Every carrier in every combination.
    static var all: [CarrierCell] {
        CarrierBehavior.allCases.flatMap { behavior in
            RunKind.allCases.flatMap { run in
                StoreKind.allCases.map { CarrierCell(behaviors: [behavior], run: run, store: $0) }
            }
        }
    }

    /// Each carrier once, so that each kind of run and each kind of store come in turn.
    static var few: [CarrierCell] {
        CarrierBehavior.allCases.enumerated().map { number, behavior in
            CarrierCell(
                behaviors: [behavior], run: RunKind.allCases[number % RunKind.allCases.count],
                store: StoreKind.allCases[number % StoreKind.allCases.count])
        }
    }

    /// One to four carriers at once, while people change devices.
    static func mix(_ seed: UInt64) -> CarrierCell {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...4, using: &random)
        return CarrierCell(
            behaviors: Array(CarrierBehavior.allCases.shuffled(using: &random).prefix(count)),
            run: RunKind.allCases[Int(seed % UInt64(RunKind.allCases.count))],
            store: StoreKind.allCases[Int(seed % UInt64(StoreKind.allCases.count))],
            seed: seed, changes: Int.random(in: 0...4, using: &random))
    }

    /// The carrier, with times that fit those of the runs (`CarrierStand.policy`).
    var carrier: SimulatorOptions {
        var options = Harness.quickCarrier
        options.seed = seed
        options.carrierFaults = Set(behaviors)
        options.carrierFaultSettings.lateSuccess = 0.15
        options.carrierFaultSettings.rollback = 0.3
        options.carrierFaultSettings.secondOutcome = 0.1
        options.carrierFaultSettings.transition = 0.5
        options.carrierFaultSettings.archive = 1
        options.carrierFaultSettings.answerHold = 1
        options.carrierFaultSettings.registrationLife = 0.5
        return options
    }
}

/// A cell that fails by a fault that is known and not mended yet.
struct KnownFailure: Sendable {
    let behavior: CarrierBehavior
    var run: CarrierCell.RunKind?
    var store: CarrierCell.StoreKind?
    /// What is wrong, as the judgement names it.
    let violation: CarrierViolation.Kind
    let reason: String

    func explains(_ violation: CarrierViolation, in cell: CarrierCell) -> Bool {
        cell.behaviors.contains(behavior) && (run.map { $0 == cell.run } ?? true)
            && (store.map { $0 == cell.store } ?? true) && violation.kind == self.violation
    }
}

/// Cells that fail, each with the reason. They are run all the same.
let knownFailures: [KnownFailure] = []

/// Something that must not be.
struct CarrierViolation: Sendable, CustomStringConvertible {
    enum Kind: String, Sendable {
        case doubledDownload = "a profile was downloaded twice"
        case falseKnowledge = "a device is known as what it is not"
        case unnamed = "a device is not as desired, and nothing says so"
        case falseReason = "a reason is not true for this carrier"
        case signIns = "too many sign-ins"
        case endless = "the run did not end by itself"
    }

    let kind: Kind
    let detail: String
    var description: String { "\(kind.rawValue): \(detail)" }
}

/// What is known and what is so of one device after a run.
struct CarrierFinding: Sendable {
    let key: DeviceKey
    let desired: ProfileState
    let truth: ProfileState
    let record: DeviceRecord?
    /// Why it is not as desired, by a plan that is made afterwards; `nil` if the plan counts it as converged.
    var exception: String?
    /// Whether such a plan would do something to it, after a lookup or at once.
    var isToChange = false
    /// Whether the run itself names it.
    var isNamed = false
}

/// What a run has come to.
struct CarrierOutcome: Sendable {
    let cell: CarrierCell
    let startedAt: Timestamp
    let findings: [CarrierFinding]
    let counts: SimulatorCounts
    /// Why the run has ended, and what keeps its devices from their states, as sentences for people.
    let reasons: [String]
    /// Whether the run says that all of it is done.
    let saysDone: Bool
    let endedByItself: Bool
    /// What was done behind the back of the run and of its store.
    let changes: [CarrierChange]
    /// What the same store says after its records were read again from a healthy carrier, and another run.
    var recovery: [CarrierFinding] = []
    var recoveryDownloads = 0

    var converged: Int { findings.count { $0.truth == $0.desired } }
    var waiting: Int { findings.count - converged }
}

extension CarrierOutcome {
    /// All that is wrong with it.
    var violations: [CarrierViolation] {
        var found: [CarrierViolation] = []
        func add(_ kind: CarrierViolation.Kind, _ detail: String) {
            found.append(CarrierViolation(kind: kind, detail: detail))
        }
        if !endedByItself { add(.endless, reasons.joined(separator: " ")) }
        if counts.repeatedDownloads > 0 { add(.doubledDownload, "\(counts.repeatedDownloads) downloads") }
        if recoveryDownloads > 0 {
            add(.doubledDownload, "\(recoveryDownloads) downloads after the carrier's recovery")
        }
        for finding in findings {
            if let state = finding.proven, state != finding.truth, !isExcused(finding) {
                add(.falseKnowledge, "\(finding)")
            }
            if finding.truth != finding.desired, !isTold(finding) { add(.unnamed, "\(finding)") }
        }
        for finding in recovery {
            if let state = finding.proven, state != finding.truth {
                add(.falseKnowledge, "after the carrier's recovery \(finding)")
            }
            if finding.truth != finding.desired, finding.exception == nil, !finding.isToChange {
                add(.unnamed, "after the carrier's recovery \(finding)")
            }
        }
        for reason in reasons {
            if let blame = Blame.allCases.first(where: { $0.isMade(in: reason) && !$0.isTrue(for: cell) }) {
                add(.falseReason, "\(blame.rawValue): \(reason)")
            }
        }
        if counts.refusedLogins > 2 { add(.signIns, "\(counts.refusedLogins) were refused") }
        if counts.tokensIssued > mostTokens { add(.signIns, "\(counts.tokensIssued) tokens were issued") }
        return found
    }

    /// Whether its card was changed behind the store's back after what is known was learned: a list shows what was so when
    /// it was asked for or later, a callback what its operation has come to. What was known was right then.
    private func isExcused(_ finding: CarrierFinding) -> Bool {
        guard let observation = finding.record?.observation else { return false }
        let learnedSince: Timestamp =
            switch observation.source {
            case .callback: min(observation.at, finding.record?.operation?.intendedAt ?? observation.at)
            // That another profile was enabled says of this one only that it is not: the rest was learned before, at a
            // time that is not kept.
            case .otherProfile: .distantPast
            default: observation.at
            }
        // A card that rolls back says so by a message, which goes nowhere where the registration is lost.
        if observation.source == .callback, cell.behaviors.contains(.registrationLost),
            cell.behaviors.contains(.rollbackAfterSuccess)
        {
            return true
        }
        return changes.contains { $0.at >= learnedSince && $0.cards.contains(finding.key.eid) }
    }

    /// Whether somebody who looks is told that a device is not as desired.
    private func isTold(_ finding: CarrierFinding) -> Bool {
        if finding.exception != nil || finding.isNamed { return true }
        // That something is still to be done is said by the reason for which it was not done. A saved plan does nothing to
        // devices of which it knew nothing to be done.
        if finding.isToChange { return !saysDone || cell.run == .savedPlan || isExcused(finding) }
        return isExcused(finding)
    }

    /// A token lives for five calls and more where the carrier ends it, and for an hour otherwise.
    private var mostTokens: Int {
        cell.behaviors.contains { [.bearerEndsNumeric, .bearerEndsPage].contains($0) } ? 60 : 3
    }
}

extension CarrierFinding: CustomStringConvertible {
    /// The state that the store has proven, if nothing puts it in doubt: no hint, and no attempt since it was learned. After a
    /// reported failure the card may have carried the action out all the same; the device is looked up before the next one.
    var proven: ProfileState? {
        guard let record, let observation = record.observation, observation.source.isEvidence, record.hint == nil
        else { return nil }
        if let attempt = Evidence(record).attempt,
            attempt.isOpen || attempt.intendedAt >= observation.at || observation.at < attempt.dueAt
        {
            return nil
        }
        return observation.state
    }

    var description: String {
        let known = record?.observation.map { "\($0.state.name) by \($0.source.name)" } ?? "never seen"
        return "\(key.iccid) is \(truth.name), known \(known), desired \(desired.name)"
            + (record?.hint.map { ", doubted: \($0.detail)" } ?? "")
            + (record?.operation.map { ", \($0.action.rawValue) \($0.attempt) \($0.phase)" } ?? "")
            + (exception.map { ", \($0)" } ?? "")
    }
}

/// What a reason puts something down to, and for which carriers that is true.
private enum Blame: String, CaseIterable {
    case signIn = "sign-in"
    case lists = "device lists"
    case account = "the account is on hold or full"

    func isMade(in reason: String) -> Bool {
        let text = reason.lowercased()
        return switch self {
        case .signIn: text.contains("sign-in") || text.contains("credentials")
        case .lists: text.contains("gives no device list") || text.contains("list does not say how profiles are")
        case .account: text.contains("onhold") || text.contains("rateplanfull")
        }
    }

    func isTrue(for cell: CarrierCell) -> Bool { cell.behaviors.contains(where: isTrue) }

    private func isTrue(for behavior: CarrierBehavior) -> Bool {
        switch self {
        case .signIn:
            // Who gets a 403 to a list cannot know whether it means the list or the tokens.
            return [
                .listsForbiddenPage, .listsNumericUnauthorized, .sessionEndsBare401, .sessionEndsBare403,
                .sessionEndsNumeric, .bearerEndsNumeric, .bearerEndsPage,
            ].contains(behavior)
        case .account:
            return [.actionsOnHold, .ratePlanFull].contains(behavior)
        case .lists:
            let name = behavior.rawValue
            return name.hasPrefix("lists-") || name.hasPrefix("v2-list-") || name.hasPrefix("status-")
                || behavior == .registrationLost
        }
    }
}
