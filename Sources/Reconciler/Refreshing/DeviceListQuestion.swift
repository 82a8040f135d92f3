/// What a v2 device list is asked for.
struct DeviceListQuestion: Hashable, Sendable {
    /// One value of profile status, `nil` for all.
    let filter: String?
    /// The devices that it is about, at most `AccountLimits.largestListBatch`; none for the whole account.
    let devices: [DeviceKey]

    /// The filter values that are asked for one by one: the filter tells the status even where the rows do not.
    static let statuses = [
        "DOWNLOAD_ENABLE", "ENABLE", "DOWNLOAD_DISABLE", "DISABLE", "NOT_DOWNLOADED", "DELETE", "UNKNOWN",
    ]

    /// The questions that cover these devices, once for each of the filters.
    ///
    /// - Parameter size: the most devices in one request. Source: `thingspace.md`, section 4.2.
    static func about(
        _ devices: [DeviceKey], filters: [String?], size: Int = AccountLimits.largestListBatch
    ) -> [DeviceListQuestion] {
        stride(from: 0, to: devices.count, by: max(size, 1)).flatMap { start in
            let chunk = Array(devices[start..<min(start + max(size, 1), devices.count)])
            return filters.map { DeviceListQuestion(filter: $0, devices: chunk) }
        }
    }

    /// The questions that cover a whole account: one for each status.
    static let aboutAccount = statuses.map { DeviceListQuestion(filter: $0, devices: []) }

    /// The same question in parts.
    func parts(of size: Int) -> [DeviceListQuestion] { Self.about(devices, filters: [filter], size: size) }
}

/// What the carrier answered to one question, in one or several messages.
struct DeviceListAnswer: Sendable {
    let request: RequestNumber
    let filter: String?
    /// Those that were asked for; none for the whole account.
    let devices: [DeviceKey]
    let askedAt: Timestamp
    let rows: [DeviceListRow]
    /// Whether a device that no row names is not listed.
    var provesAbsence = true
}

/// A question with what became of it.
struct AskedList: Sendable {
    enum Outcome: Sendable {
        case answered(DeviceListAnswer)
        case notAnswered(LookupProblem)
    }

    let question: DeviceListQuestion
    let outcome: Outcome

    var answer: DeviceListAnswer? {
        if case .answered(let answer) = outcome { return answer }
        return nil
    }

    var problem: LookupProblem? {
        if case .notAnswered(let problem) = outcome { return problem }
        return nil
    }
}

/// Why nothing was learned of devices that were looked up.
enum LookupProblem: Hashable, Sendable, CustomStringConvertible {
    /// The answer did not come in time, or nothing that came in time could be used.
    case late(String)
    /// The carrier does not give the list, or gives one that cannot be used.
    case refused(String)
    /// The lists that the account has do not tell how profiles are.
    case tellsNoStatus(String)
    case signInRefused(String)
    /// The carrier asks not to be called before.
    case busy(until: Timestamp)
    /// A person stopped the run.
    case stopped

    /// The reason as a sentence.
    var description: String {
        switch self {
        case .late(let reason), .refused(let reason), .tellsNoStatus(let reason), .signInRefused(let reason):
            reason.capitalizedSentence
        case .busy(let until): AccountBusy(until: until).description.capitalizedSentence
        case .stopped: RunStopped().description
        }
    }

    /// Whether answers that were asked for before are not waited for either.
    var endsWaiting: Bool {
        switch self {
        case .signInRefused, .stopped: true
        case .late, .refused, .tellsNoStatus, .busy: false
        }
    }

    /// Of several problems the one that decides most is reported.
    private var rank: Int {
        switch self {
        case .signInRefused: 5
        case .stopped: 4
        case .busy: 3
        case .refused: 2
        case .tellsNoStatus: 1
        case .late: 0
        }
    }

    /// The more serious of two; of two of the same kind the first.
    func or(_ other: LookupProblem?) -> LookupProblem {
        guard let other else { return self }
        if case .busy(let until) = self, case .busy(let later) = other { return .busy(until: max(until, later)) }
        return other.rank > rank ? other : self
    }
}
