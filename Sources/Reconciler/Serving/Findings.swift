/// What a status says of one thing that people are to be told of when it goes wrong.
struct Finding: Sendable {
    let identity: Notice.Identity
    /// `nil` if all is well with it.
    let notice: Notice?
    /// When what it goes by was learnt.
    let asOf: Timestamp
}

/// Everything that can be said of a status: pure. Of what is not known, nothing is said.
struct Findings {
    private let status: ControllerStatus
    private let now: Timestamp
    private(set) var all: [Finding] = []
    /// All that something can be said of, whether anything is known of it or not. What people were told of anything else is
    /// over: a set or an account that the manifests do not name any more.
    private(set) var subjects: Set<Notice.Identity> = []
    /// Whose findings they are.
    var origin: String { status.manifests.origin }
    /// When the fleet was looked at last; `nil` before the first time, when nobody can tell what is gone.
    var lookedAt: Timestamp? { status.lookedAt }

    /// Something that is wrong.
    private struct Trouble {
        /// See `Notice.condition`.
        var condition = ""
        let text: String
        var profileSet: String?
        var devices = 0
        var commit: String?
    }

    init(_ status: ControllerStatus, at now: Timestamp) {
        self.status = status
        self.now = now
        for subject in ["store", "carrier", "everything"] {
            subjects.insert(Notice.Identity(kind: .stopped, subject: subject))
        }
        addStore()
        addCarrier()
        addCallbacks()
        addRuns()
        addManifests()
        for account in status.accounts { add(account) }
        if let lookedAt = status.lookedAt {
            for set in status.sets { add(set, asOf: lookedAt) }
            for devices in status.heldDevices {
                add(
                    .held, "devices of \(devices.profileSet)", asOf: lookedAt,
                    Trouble(text: devices.description, devices: devices.changes))
            }
            add(.drift, "back and forth", asOf: lookedAt, Self.trouble(ofFlips: status.flips))
        }
    }

    /// - Parameter asOf: when it was learnt that nothing is wrong; `nil` if that is not known.
    private mutating func add(_ kind: Notice.Kind, _ subject: String, asOf: Timestamp?, _ trouble: Trouble?) {
        let identity = Notice.Identity(kind: kind, subject: subject)
        subjects.insert(identity)
        let notice = trouble.map { trouble in
            Notice(
                identity, condition: trouble.condition, profileSet: trouble.profileSet, text: trouble.text,
                devices: trouble.devices, commit: trouble.commit ?? status.manifests.commit, at: now)
        }
        guard notice != nil || asOf != nil else { return }
        all.append(Finding(identity: identity, notice: notice, asOf: asOf ?? now))
    }

    // MARK: What all stands on

    private mutating func addStore() {
        let subject = "store"
        if let problem = status.store.problem(at: now) {
            add(.stopped, subject, asOf: nil, Trouble(condition: problem.condition, text: problem.text))
        } else if let problem = status.problem, problem.condition == .store {
            add(.stopped, subject, asOf: nil, Trouble(condition: "unreadable", text: problem.text))
        } else if case .keeps(let time, _) = status.store {
            add(.stopped, subject, asOf: time, nil)
        }
    }

    private mutating func addCarrier() {
        let subject = "carrier"
        switch status.carrier {
        case .untried: break
        case .answers(let since): add(.stopped, subject, asOf: since, nil)
        case .unreachable(_, let calls, _):
            guard calls >= CarrierCondition.callsThatCount, let text = status.carrier.problem else { break }
            add(.stopped, subject, asOf: nil, Trouble(condition: "unreachable", text: text))
        case .unusable(_, let calls, _):
            guard calls >= CarrierCondition.callsThatCount, let text = status.carrier.problem else { break }
            add(.stopped, subject, asOf: nil, Trouble(condition: "unusable", text: text))
        case .noSignIn(_, let reason):
            add(.stopped, subject, asOf: nil, Trouble(condition: "no sign-in", text: reason))
        }
    }

    private mutating func addCallbacks() {
        let troubles = status.callbackTroubles
        let text = troubles.map(\.text).joined(separator: " ")
        let condition = troubles.map(\.condition).joined(separator: "\n")
        add(
            .stopped, "callbacks", asOf: status.callbacksSoundAt,
            troubles.isEmpty ? nil : Trouble(condition: condition, text: text))
    }

    private mutating func addRuns() {
        guard let problem = status.problem else {
            return add(.stopped, "everything", asOf: status.soundAt, nil)
        }
        guard problem.condition != .store, problem.condition == .otherRevision || isOfItsOwn(problem.at) else {
            return
        }
        add(.stopped, "everything", asOf: nil, Trouble(condition: problem.condition.rawValue, text: problem.text))
    }

    /// Whether what went wrong then is not just what a carrier that does not let us in has brought about, now or before
    /// it answered again.
    private func isOfItsOwn(_ time: Timestamp?) -> Bool {
        switch status.carrier {
        case .untried: true
        case .answers(let since): time.map { $0 >= since } ?? true
        case .unreachable, .unusable, .noSignIn: false
        }
    }

    private static let flipsShown = 3

    private static func trouble(ofFlips flips: [DeviceKey: Timestamp]) -> Trouble? {
        guard !flips.isEmpty else { return nil }
        let shown = flips.keys.sorted().prefix(flipsShown).map(\.description).joined(separator: ", ")
        let rest = flips.count > flipsShown ? " and \(flips.count - flipsShown) more" : ""
        return Trouble(
            text:
                "\(counted(flips.count, "device")) changed back and forth within an hour, and would be changed again: "
                + "\(shown)\(rest). Somebody else acts on \(flips.count == 1 ? "it" : "them"): look for a second "
                + "controller, for `apply` with other manifests and for other systems. `profilectl status EID` shows who "
                + "asked for what.",
            devices: flips.count)
    }

    // MARK: Manifests

    private mutating func addManifests() {
        let manifests = status.manifests
        add(
            .manifests, manifests.origin, asOf: manifests.soundSince,
            manifests.problem.map { problem in
                let stay = manifests.loadedAt == nil ? "" : "; those before stay in force"
                return Trouble(
                    condition: problem.condition, text: "The manifests cannot be used\(stay).\n\(problem.text)",
                    commit: problem.commit)
            })
        add(.shrunk, manifests.origin, asOf: manifests.loadedAt, Self.trouble(manifests.losses))
        add(
            .rewritten, manifests.origin, asOf: manifests.loadedAt,
            manifests.rewrite.map { rewrite in
                Trouble(
                    condition: "\(rewrite.from) \(rewrite.to)",
                    text:
                        "The history of the manifests (\(manifests.origin)) was written anew: commit \(rewrite.to), which "
                        + "is in force now, does not descend from \(rewrite.from), which was before. Changes that "
                        + "others had made may be gone with it: compare the two, and bring back what is missing.",
                    commit: rewrite.to)
            })
    }

    private static let lossesShown = 5

    private static func trouble(_ losses: [SetLoss]) -> Trouble? {
        guard !losses.isEmpty else { return nil }
        let shown = losses.prefix(lossesShown).map(\.description).joined(separator: ", ")
        let rest = losses.count > lossesShown ? ", and \(losses.count - lossesShown) more" : ""
        return Trouble(
            condition: losses.map(\.description).joined(separator: "\n"),
            text:
                "\(counted(losses.count, "profile set")) in the manifests lost devices: \(shown)\(rest). Devices that no "
                + "manifest names are left as they are and no longer looked after. If that is not meant, put them back: "
                + "they are taken up again as they are then.",
            profileSet: losses.count == 1 ? losses[0].profileSet : nil,
            devices: losses.reduce(0) { $0 + $1.before - ($1.now ?? 0) })
    }

    // MARK: Accounts

    private mutating func add(_ account: ControllerStatus.AccountStatus) {
        let subject = "account \(account.name)"
        subjects.insert(Notice.Identity(kind: .stopped, subject: subject))
        subjects.insert(Notice.Identity(kind: .stopped, subject: "refresh of \(account.name)"))
        if let problem = account.registrationProblem {
            add(.stopped, subject, asOf: nil, Trouble(condition: problem, text: problem))
        } else if account.isSettled, account.stopped == nil || isOfItsOwn(account.learntAt) {
            let trouble = account.stopped.map { Trouble(condition: "stopped", text: $0) }
            add(.stopped, subject, asOf: account.learntAt, trouble)
        }
        add(
            .stopped, "callbacks of \(account.name)", asOf: account.isSilenceKnown ? status.lookedAt : nil,
            account.silence.map { Trouble(condition: "silent", text: $0) })
        add(
            .stopped, "lookups of \(account.name)", asOf: status.soundAt,
            account.lookupProblem.map { Trouble(condition: "unanswered", text: $0) })
        if account.refreshProblem == nil || isOfItsOwn(account.triedAt) {
            let trouble = account.refreshProblem.map { Trouble(condition: "not read", text: $0) }
            add(.stopped, "refresh of \(account.name)", asOf: account.triedAt, trouble)
        }
    }

    // MARK: Profile sets

    private mutating func add(_ set: ControllerStatus.ProfileSetStatus, asOf: Timestamp) {
        func trouble(_ count: Int, _ verb: String, _ rest: String) -> Trouble? {
            guard count > 0 else { return nil }
            return Trouble(
                text: "\(counted(count, "device")) of profile set \(set.name) \(verb). \(rest)", profileSet: set.name,
                devices: count)
        }
        add(
            .failed, set.name, asOf: asOf,
            trouble(set.failed, "failed for good", "`profilectl status EID` and the dashboard tell why."))
        add(
            .aborted, set.name, asOf: asOf,
            set.rollout?.abort.map { Trouble(text: $0, profileSet: set.name, devices: set.failed) })
        add(
            .held, "\(set.name), devices", asOf: asOf,
            trouble(set.held, "held", "Nothing is sent to them before a person or a refresh settles them."))
        add(
            .held, "\(set.name), large change", asOf: asOf,
            set.largeChange.map { Trouble(text: $0, profileSet: set.name, devices: set.largeChangeDevices) })
        let isHeldUp = !set.holds.isEmpty || set.rollout?.abort != nil
        let deed =
            switch set.driftPolicy {
            case .correct where isHeldUp: "Nothing is corrected as long as the set is held up."
            case .correct where set.drift > set.inFlight && set.waiting > 0:
                "It is corrected when the time of the next attempts has come."
            case .correct: "It is corrected."
            case .report, .off: "It is only reported."
            }
        add(.drift, set.name, asOf: asOf, trouble(set.driftPolicy == .off ? 0 : set.drift, "drifted", deed))
    }
}
