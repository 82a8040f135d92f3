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
    let request: RequestNumber
    let filter: String?
    /// Those that were asked for; none for the whole account.
    let devices: [DeviceKey]
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
    let pacer: RequestPacer
    let clock: any WallClock
    let wakeup: Wakeup
    let stop: StopSwitch
    /// How long answers are awaited, from when all questions were asked.
    let timeout: Duration
    let pollInterval: Duration
    /// A turn that comes later than so is not waited for.
    let longestWait: Duration
    /// The run that asks.
    let run: RunNumber

    /// The same for the v1 list.
    var accountListReader: AccountListReader {
        AccountListReader(carrier: carrier, pacer: pacer, clock: clock, stop: stop, longestWait: longestWait)
    }

    /// What came of it.
    enum Outcome: Sendable {
        case answered([DeviceListAnswer])
        /// Some answers did not come in time.
        case unanswered(String)
        /// The carrier does not offer it to this account.
        case unavailable(String)
        /// The carrier refused the sign-in.
        case signInRefused(String)
        /// The carrier is busy until then; some of it may have been asked and answered.
        case notYet(until: Timestamp, [DeviceListAnswer])
    }

    /// - Parameter progress: told how many answers there are.
    /// - Throws: `StateStoreError`, `CancellationError`
    func ask(
        _ questions: [DeviceListQuestion], of account: AccountName, progress: @Sendable (Int) -> Void = { _ in }
    ) async throws -> Outcome {
        var numbers: [(RequestNumber, DeviceListQuestion)] = []
        for question in questions {
            if stop.isStopped { return .unanswered("the run was stopped") }
            switch try await ask(question, of: account) {
            case .taken(let number): numbers.append((number, question))
            case .refused(.notYet(let until, _)):
                guard case .answered(let answers) = try await answers(to: numbers, progress: progress) else {
                    return .notYet(until: until, [])
                }
                return .notYet(until: until, answers)
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
            let (request, sentAt): (RequestRecord, Timestamp)
            switch try await addRequest(question, of: account) {
            case .added(let added, let time): (request, sentAt) = (added, time)
            case .refused(let outcome): return .refused(outcome)
            }
            let answer = await carrier.requestDeviceList(
                account: account, profileStatusFilter: question.filter, devices: question.devices)
            var answered = request
            var wait: Duration?
            var refused: Outcome?
            var busyUntil: Timestamp?
            switch answer {
            case .accepted(let id):
                answered.outcome = .accepted(id)
            case .refused(let refusal):
                answered.outcome = .refused(refusal.description)
                if let busy = refusal.busy {
                    answered.outcome = .notSent(refusal.description)
                    busyUntil = try await pacer.wasBusy(account, sentAt: sentAt, retryAfter: busy.retryAfter)
                } else {
                    switch refusal.classification {
                    case .notSignedIn, .unexpected:
                        // That says nothing of whether the account may read device lists.
                        wait = .seconds(1)
                    default:
                        refused = .unavailable(refusal.description)
                    }
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
            try await store.write { transaction in
                try transaction.update(outcome)
                if outcome.outcome.showsThatCarrierServes {
                    try pacer.wasServed(account, sentAt: sentAt, in: transaction)
                }
            }
            // An answer that was faster than the name of its request is waiting to be read.
            wakeup.notify()
            if let refused { return .refused(refused) }
            if wait == nil, busyUntil == nil { return .taken(request.number) }
            triesLeft -= 1
            guard triesLeft > 0 else {
                return .refused(
                    busyUntil.map { .notYet(until: $0, []) }
                        ?? .unanswered("the carrier did not take the request for a device list"))
            }
            if let wait { try await stop.wait(until: clock.now() + wait, on: clock) }
        }
    }

    private enum Added {
        case added(RequestRecord, sentAt: Timestamp)
        case refused(Outcome)
    }

    /// Writes a request down once it is its turn.
    private func addRequest(_ question: DeviceListQuestion, of account: AccountName) async throws -> Added {
        while !stop.isStopped {
            let now = clock.now()
            let (turn, request) = try await store.write { transaction -> (AccountPace.Turn, RequestRecord?) in
                let turn = try pacer.takeTurn(for: account, at: now, in: transaction)
                guard turn == .now else { return (turn, nil) }
                let request = try transaction.addRequest(
                    .deviceList(profileStatusFilter: question.filter), account: account,
                    deviceCount: question.devices.count, at: now, by: run)
                return (turn, request)
            }
            if let request { return .added(request, sentAt: now) }
            guard case .notBefore(let time) = turn else { continue }
            guard time <= now + longestWait else { return .refused(.notYet(until: time, [])) }
            try await stop.wait(until: time, on: clock)
        }
        return .refused(.unanswered("the run was stopped"))
    }

    private func answers(
        to asked: [(number: RequestNumber, question: DeviceListQuestion)], progress: @Sendable (Int) -> Void
    ) async throws -> Outcome {
        let deadline = clock.now() + timeout
        let numbers = asked.map(\.number)
        let waiter = StateWaiter(clock: clock, wakeup: wakeup, pollInterval: pollInterval)
        var missing = numbers.count
        while missing > 0 {
            let seen = wakeup.count
            missing = try await store.read { try $0.unansweredDeviceLists(numbers) }
            progress(numbers.count - missing)
            if stop.isStopped { return .unanswered("the run was stopped") }
            let now = clock.now()
            guard missing > 0 else { break }
            guard now < deadline else {
                return .unanswered(
                    missing == 1
                        ? "the answer to a device list did not come in time"
                        : "the answers to \(missing) device lists did not come in time")
            }
            try await waiter.change(after: seen, until: min(deadline, now + pollInterval))
        }
        var answers: [DeviceListAnswer] = []
        for (number, question) in asked {
            let (request, texts) = try await store.read { reader in
                (try reader.request(number), try reader.deviceListAnswers(to: number))
            }
            guard let request else { continue }
            let rows = texts.flatMap { text -> [DeviceListRow] in
                (try? JSONValue(callback: Array(text.utf8))).map { DeviceListRow.rows(in: $0) } ?? []
            }
            answers.append(
                DeviceListAnswer(
                    request: number, filter: question.filter, devices: question.devices, askedAt: request.sentAt,
                    rows: rows))
        }
        return .answered(answers)
    }
}
