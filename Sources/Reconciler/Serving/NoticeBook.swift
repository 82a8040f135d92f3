/// Finds in the statuses of a controller what people are to be told of: pure. What lasts is told once; numbers that grow
/// are told again after a while.
struct NoticeBook: Sendable {
    /// What a notice is about.
    private struct Subject: Hashable {
        let kind: Notice.Kind
        let name: String
    }

    private struct Told {
        let text: String
        let devices: Int
        let at: Timestamp
    }

    private let interval: Duration
    private var told: [Subject: Told] = [:]

    /// - Parameter interval: the least time between two notices about the same.
    init(interval: Duration) {
        self.interval = interval
    }

    /// - Returns: what is new in the status since the last one.
    mutating func take(_ status: ControllerStatus, at now: Timestamp) -> [Notice] {
        var current: [Subject: Notice] = [:]
        for notice in Self.notices(status, at: now) {
            current[Subject(kind: notice.kind, name: notice.subject)] = notice
        }
        // What is over may come again, and is told then.
        told = told.filter { current[$0.key] != nil }
        var news: [Notice] = []
        for (subject, notice) in current {
            if let before = told[subject] {
                let isNews =
                    notice.kind.isCounted
                    ? notice.devices > before.devices : notice.text != before.text
                guard isNews, before.at + interval <= now else { continue }
            }
            told[subject] = Told(text: notice.text, devices: notice.devices, at: now)
            news.append(notice)
        }
        return news.sorted { ($0.kind.rawValue, $0.subject) < ($1.kind.rawValue, $1.subject) }
    }

    private static func notices(_ status: ControllerStatus, at now: Timestamp) -> [Notice] {
        let commit = status.manifests.commit
        func notice(
            _ kind: Notice.Kind, _ subject: String, _ text: String, set: String? = nil, devices: Int = 0
        ) -> Notice {
            Notice(
                kind: kind, profileSet: set, text: text, devices: devices, commit: commit, at: now, subject: subject)
        }
        var all: [Notice] = []
        if let problem = status.problem { all.append(notice(.stopped, "everything", problem)) }
        if let problem = status.manifests.problem {
            let stay = status.manifests.loadedAt == nil ? "" : "; those before stay in force"
            all.append(
                Notice(
                    kind: .manifests, profileSet: nil, text: "The manifests cannot be used\(stay).\n\(problem.text)",
                    devices: 0,
                    commit: problem.commit, at: now, subject: "manifests"))
        }
        for account in status.accounts {
            if let problem = account.registrationProblem ?? account.stopped, account.isSettled {
                all.append(notice(.stopped, "account \(account.name)", problem))
            }
            if let problem = account.refreshProblem {
                all.append(notice(.stopped, "refresh of \(account.name)", problem))
            }
        }
        for set in status.sets { all += notices(of: set, notice) }
        return all
    }

    private static func notices(
        of set: ControllerStatus.ProfileSetStatus,
        _ notice: (Notice.Kind, String, String, String?, Int) -> Notice
    ) -> [Notice] {
        var all: [Notice] = []
        func devices(_ count: Int, _ verb: String) -> String {
            "\(count) \(count == 1 ? "device" : "devices") of profile set \(set.name) \(verb)."
        }
        if set.failed > 0 {
            let text = devices(set.failed, "failed for good") + " `profilectl status EID` and the dashboard tell why."
            all.append(notice(.failed, set.name, text, set.name, set.failed))
        }
        if let abort = set.rollout?.abort {
            all.append(notice(.aborted, set.name, abort, set.name, set.failed))
        }
        if set.held > 0 {
            let text = devices(set.held, "held") + " Nothing is sent to them before a person or a refresh settles them."
            all.append(notice(.held, "\(set.name), devices", text, set.name, set.held))
        }
        if let change = set.largeChange {
            all.append(notice(.held, "\(set.name), large change", change, set.name, 0))
        }
        if set.drift > 0, set.driftPolicy != .off {
            let action = set.driftPolicy == .correct ? "is corrected" : "is only reported"
            let text = devices(set.drift, "drifted") + " It \(action)."
            all.append(notice(.drift, set.name, text, set.name, set.drift))
        }
        return all
    }
}
