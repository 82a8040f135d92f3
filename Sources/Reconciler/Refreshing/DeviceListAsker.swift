/// What a v2 device list is asked for.
struct DeviceListQuestion: Hashable, Sendable {
    /// One value of profile status, `nil` for all.
    let filter: String?
    /// The devices that it is about, at most `DeviceListQuestion.largestSelection`; none for the whole account.
    let devices: [DeviceKey]

    /// At most so many devices can be named in one request. Source: `thingspace.md`, section 4.2.
    static let largestSelection = 50

    /// The filter values that are asked for one by one: the filter tells the status even where the rows do not.
    static let statuses = [
        "DOWNLOAD_ENABLE", "ENABLE", "DOWNLOAD_DISABLE", "DISABLE", "NOT_DOWNLOADED", "DELETE", "UNKNOWN",
    ]

    /// The questions that cover these devices, once for each of the filters.
    static func about(_ devices: [DeviceKey], filters: [String?]) -> [DeviceListQuestion] {
        stride(from: 0, to: devices.count, by: largestSelection).flatMap { start in
            let chunk = Array(devices[start..<min(start + largestSelection, devices.count)])
            return filters.map { DeviceListQuestion(filter: $0, devices: chunk) }
        }
    }

    /// The questions that cover a whole account: one for each status.
    static let aboutAccount = statuses.map { DeviceListQuestion(filter: $0, devices: []) }
}

/// What the carrier answered to one question, in one or several messages.
struct DeviceListAnswer: Sendable {
    let filter: String?
    let askedAt: Timestamp
    let rows: [DeviceListRow]
}

/// Asks for v2 device lists, and waits until their answers have come by callback and were kept.
///
/// The listener, in this process or another one on the store, keeps the answers; they are read here, all together,
/// so that one that contradicts another is noticed. Source: `thingspace.md`, section 4.2.
struct DeviceListAsker: Sendable {
    let store: any StateStore
    let carrier: any Carrier
    let clock: any WallClock
    let wakeup: Wakeup
    let stop: StopSwitch
    /// How long answers are awaited, from when all questions were asked.
    let timeout: Duration
    let pollInterval: Duration

    /// What came of it.
    enum Outcome: Sendable {
        case answered([DeviceListAnswer])
        /// Some answers did not come in time.
        case unanswered(String)
        /// The carrier does not offer it to this account.
        case unavailable(String)
        /// The carrier refused the sign-in.
        case signInRefused(String)
    }

    /// - Parameter progress: told how many answers there are.
    /// - Throws: `StateStoreError`, `CancellationError`
    func ask(
        _ questions: [DeviceListQuestion], of account: AccountName, progress: @Sendable (Int) -> Void = { _ in }
    ) async throws -> Outcome {
        var numbers: [RequestNumber] = []
        for question in questions {
            if stop.isStopped { return .unanswered("the run was stopped") }
            switch try await ask(question, of: account) {
            case .taken(let number): numbers.append(number)
            case .refused(let outcome): return outcome
            }
        }
        return try await answers(to: numbers, progress: progress)
    }

    private enum Asked {
        case taken(RequestNumber)
        case refused(Outcome)
    }

    private func ask(_ question: DeviceListQuestion, of account: AccountName) async throws -> Asked {
        var triesLeft = 4
        while true {
            let now = clock.now()
            let request = try await store.write { transaction in
                try transaction.addRequest(
                    .deviceList(profileStatusFilter: question.filter), account: account,
                    deviceCount: question.devices.count, at: now)
            }
            let answer = await carrier.requestDeviceList(
                account: account, profileStatusFilter: question.filter, devices: question.devices)
            var answered = request
            var wait: Duration?
            var refused: Outcome?
            switch answer {
            case .accepted(let id):
                answered.outcome = .accepted(id)
            case .refused(let refusal):
                answered.outcome = .refused(refusal.description)
                switch refusal.classification {
                case .throttled(let retryAfter), .temporarilyUnavailable(let retryAfter):
                    wait = retryAfter ?? .seconds(2)
                case .notSignedIn, .unexpected:
                    // That says nothing of whether the account may read device lists.
                    wait = .seconds(1)
                default:
                    refused = .unavailable(refusal.description)
                }
            case .notSent(let problem):
                answered.outcome = .notSent(problem.description)
                wait = .seconds(1)
            case .outcomeUnknown(let problem):
                // Reading twice does no harm.
                answered.outcome = .unknown(problem.description)
                wait = .seconds(1)
            case .signInRefused(let problem):
                answered.outcome = .notSent(problem.description)
                refused = .signInRefused(problem.description)
            }
            let outcome = answered
            try await store.write { try $0.update(outcome) }
            // An answer that was faster than the name of its request is waiting to be read.
            wakeup.notify()
            if let refused { return .refused(refused) }
            guard let wait else { return .taken(request.number) }
            triesLeft -= 1
            guard triesLeft > 0 else {
                return .refused(.unanswered("the carrier did not take the request for a device list"))
            }
            try await clock.sleep(until: clock.now() + wait)
        }
    }

    private func answers(to numbers: [RequestNumber], progress: @Sendable (Int) -> Void) async throws -> Outcome {
        let deadline = clock.now() + timeout
        let waiter = StateWaiter(clock: clock, wakeup: wakeup, pollInterval: pollInterval)
        var answered: [RequestRecord] = []
        while answered.count < numbers.count {
            let seen = wakeup.count
            answered = try await store.read { reader in
                try numbers.compactMap { try reader.request($0) }.filter(\.isAnsweredDeviceList)
            }
            progress(answered.count)
            if stop.isStopped { return .unanswered("the run was stopped") }
            let now = clock.now()
            guard answered.count < numbers.count else { break }
            guard now < deadline else {
                let missing = numbers.count - answered.count
                return .unanswered(
                    missing == 1
                        ? "the answer to a device list did not come in time"
                        : "the answers to \(missing) device lists did not come in time")
            }
            try await waiter.change(after: seen, until: min(deadline, now + pollInterval))
        }
        var answers: [DeviceListAnswer] = []
        for request in answered {
            let texts = try await store.read { try $0.deviceListAnswers(to: request.number) }
            let rows = texts.flatMap { text -> [DeviceListRow] in
                (try? JSONValue(callback: Array(text.utf8))).map { DeviceListRow.rows(in: $0) } ?? []
            }
            guard case .deviceList(let filter) = request.kind else { continue }
            answers.append(DeviceListAnswer(filter: filter, askedAt: request.sentAt, rows: rows))
        }
        return .answered(answers)
    }
}

extension RequestRecord {
    fileprivate var isAnsweredDeviceList: Bool {
        if case .answered = outcome { return true }
        return false
    }
}
