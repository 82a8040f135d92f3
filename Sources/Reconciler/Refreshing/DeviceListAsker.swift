/// Asks for v2 device lists, and waits until their answers have come by callback and were kept.
///
/// The listener, in this process or another one on the store, keeps the answers; they are read here. Each question
/// stands alone: one that is not answered is asked again, with ever longer waits, until its time is over, and holds up
/// no other. Source: `thingspace.md`, section 4.2.
struct DeviceListAsker: Sendable {
    let store: any StateStore
    let carrier: any Carrier
    let pacer: RequestPacer
    let clock: any WallClock
    let wakeup: Wakeup
    let stop: StopSwitch
    /// How long the answer to a question is awaited, from when it was first asked.
    let timeout: Duration
    let pollInterval: Duration
    /// A turn that comes later than so is not waited for.
    let longestWait: Duration
    /// The run that asks.
    let run: RunNumber
    /// An answer that may have more messages is whole when none has come for so long.
    var quietTime: Duration?

    /// The waits before a list is asked for again that was not taken or whose answer cannot be used.
    static let backOff = BackOff(first: .seconds(1), longest: .seconds(30))
    /// The first wait for an answer after which it counts as lost, so that it is asked for again; it doubles.
    private static let firstSilence = Duration.seconds(30)

    /// The same for the v1 list.
    var accountListReader: AccountListReader {
        AccountListReader(
            carrier: carrier, pacer: pacer, clock: clock, stop: stop, longestWait: longestWait,
            deadline: clock.now() + timeout)
    }

    /// One question on its way to an answer.
    fileprivate struct Open {
        let question: DeviceListQuestion
        var requests: [Request] = []
        /// How often in a row it was not taken, or answered with what cannot be used.
        var failures = 0
        /// When it is asked next; `nil` while an answer is awaited.
        var askAt: Timestamp? = .distantPast
        var deadline: Timestamp?
        /// Why the latest attempt came to nothing.
        var reason: String?
        var outcome: AskedList.Outcome?

        struct Request {
            let number: RequestNumber
            let askedAt: Timestamp
            var messages = 0
            var changedAt: Timestamp
            var isUnusable = false
        }

        var isAwaited: Bool { requests.contains { !$0.isUnusable } }
    }

    /// - Parameters:
    ///   - progress: told how many answers there are.
    ///   - take: given each answer as soon as it is there.
    /// - Returns: each question, or the parts into which it had to be split, with what became of it.
    /// - Throws: `StateStoreError`, `CancellationError`, and what `take` throws
    func ask(
        _ questions: [DeviceListQuestion], of account: AccountName, progress: @Sendable (Int) -> Void = { _ in },
        take: (DeviceListAnswer) async throws -> Void = { _ in }
    ) async throws -> [AskedList] {
        var open = questions.map { Open(question: $0) }
        var done: [AskedList] = []
        while !open.isEmpty {
            let seen = wakeup.count
            try await askThoseDue(&open, account)
            try await readAnswers(&open)
            let now = clock.now()
            for index in open.indices { open[index].endIfOver(at: now, isStopped: stop.isStopped) }
            for question in open {
                guard let outcome = question.outcome else { continue }
                if case .answered(let answer) = outcome { try await take(answer) }
                done.append(AskedList(question: question.question, outcome: outcome))
            }
            open.removeAll { $0.outcome != nil }
            progress(done.count { $0.answer != nil })
            guard !open.isEmpty else { break }
            let wake = open.compactMap { $0.wakes(after: now, quietTime: quiet, silence: silence) }.min() ?? now
            let waiter = StateWaiter(clock: clock, wakeup: wakeup, pollInterval: pollInterval)
            try await waiter.change(after: seen, until: max(now, min(wake, now + pollInterval)))
        }
        return done
    }

    private var quiet: Duration { quietTime ?? pollInterval * 2 }
    private var silence: Duration { max(.seconds(1), min(Self.firstSilence, timeout / 4)) }

    // MARK: Asking

    private func askThoseDue(_ open: inout [Open], _ account: AccountName) async throws {
        var index = 0
        var size = try await largestFilter(of: account)
        while index < open.count, !stop.isStopped {
            let now = clock.now()
            guard open[index].isDue(at: now, silence: silence) else {
                index += 1
                continue
            }
            let question = open[index].question
            if question.devices.count > size {
                open.replaceSubrange(index...index, with: question.parts(of: size).map { Open(question: $0) })
                continue
            }
            open[index].deadline = open[index].deadline ?? now + timeout
            switch try await ask(question, of: account) {
            case .taken(let number, let askedAt):
                open[index].requests.append(Open.Request(number: number, askedAt: askedAt, changedAt: askedAt))
                open[index].askAt = nil
            case .notTaken(let reason):
                open[index].fails(reason, at: clock.now(), share: pacer.chance.share())
            case .tooLarge(let reason):
                try await keepSmaller(than: question.devices.count, of: account, reason, &open[index])
                size = try await largestFilter(of: account)
                continue
            case .badDevice(let reason):
                // One of them is refused: it is found by halves, and the others are answered.
                guard question.devices.count > 1 else {
                    open[index].outcome = .notAnswered(.refused(reason))
                    break
                }
                let halves = question.parts(of: (question.devices.count + 1) / 2)
                open.replaceSubrange(index...index, with: halves.map { Open(question: $0) })
                continue
            case .ended(let problem):
                open[index].outcome = .notAnswered(problem)
                // What holds for the account holds for all of its questions; some may be answered all the same.
                for other in open.indices where open[other].outcome == nil {
                    if problem.endsWaiting || !open[other].isAwaited { open[other].outcome = .notAnswered(problem) }
                }
                return
            case .busy(let until):
                for other in open.indices where open[other].outcome == nil && !open[other].isAwaited {
                    open[other].isBusy(until: until, at: clock.now(), longestWait: longestWait, timeout: timeout)
                }
                return
            }
            index += 1
        }
    }

    private func largestFilter(of account: AccountName) async throws -> Int {
        let now = clock.now()
        return try await store.read { try $0.limits(of: account).listBatch(at: now) }
    }

    private func keepSmaller(
        than size: Int, of account: AccountName, _ reason: String, _ open: inout Open
    ) async throws {
        let now = clock.now()
        let next = try await store.write { transaction -> Int? in
            var limits = try transaction.limits(of: account)
            let next = limits.refusedList(size, at: now)
            if next != nil { try transaction.save(limits) }
            return next
        }
        if next == nil { open.outcome = .notAnswered(.refused(reason)) }
    }

    private enum Asked {
        case taken(RequestNumber, Timestamp)
        /// For a reason that may pass.
        case notTaken(String)
        case tooLarge(String)
        case badDevice(String)
        case busy(until: Timestamp)
        case ended(LookupProblem)
    }

    private func ask(_ question: DeviceListQuestion, of account: AccountName) async throws -> Asked {
        let (request, sentAt): (RequestRecord, Timestamp)
        switch try await addRequest(question, of: account) {
        case .added(let added, let time): (request, sentAt) = (added, time)
        case .refused(let asked): return asked
        }
        let answer = await carrier.requestDeviceList(
            account: account, profileStatusFilter: question.filter, devices: question.devices)
        let outcome: RequestRecord.Outcome
        let asked: Asked
        switch answer {
        case .accepted(let id):
            outcome = .accepted(id)
            asked = .taken(request.number, sentAt)
        case .refused(let refusal):
            if let busy = refusal.busy {
                outcome = .notSent(refusal.description)
                asked = .busy(
                    until: try await pacer.wasBusy(account, sentAt: sentAt, retryAfter: busy.retryAfter))
            } else {
                outcome = .refused(refusal.description)
                asked = Self.meaning(of: refusal)
            }
        case .notSent(let problem):
            outcome = .notSent(problem.description)
            asked = .notTaken(problem.description)
        case .outcomeUnknown(let problem):
            // Reading twice does no harm.
            outcome = .unknown(problem.description)
            asked = .notTaken(problem.description)
        case .signInRefused(let problem):
            outcome = .notSent(problem.description)
            asked = .ended(.signInRefused(problem.description))
        }
        try await store.write { transaction in
            var answered = request
            answered.outcome = outcome
            try transaction.update(answered)
            if outcome.showsThatCarrierServes { try pacer.wasServed(account, sentAt: sentAt, in: transaction) }
        }
        // An answer that was faster than the name of its request is waiting to be read.
        wakeup.notify()
        return asked
    }

    /// Whatever the code, a refusal says nothing of any device.
    private static func meaning(of refusal: CarrierRefusal) -> Asked {
        if refusal.saysTooLarge { return .tooLarge(refusal.description) }
        if CarrierError.refused(refusal).mayPass { return .notTaken(refusal.description) }
        return refusal.classification == .badDevice
            ? .badDevice(refusal.description) : .ended(.refused(refusal.description))
    }

    private enum Added {
        case added(RequestRecord, sentAt: Timestamp)
        case refused(Asked)
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
            guard time <= now + longestWait else { return .refused(.busy(until: time)) }
            try await stop.wait(until: time, on: clock)
        }
        return .refused(.ended(.stopped))
    }

    // MARK: Answers

    private func readAnswers(_ open: inout [Open]) async throws {
        let numbers = open.flatMap { question in
            question.outcome == nil ? question.requests.filter { !$0.isUnusable }.map(\.number) : []
        }
        guard !numbers.isEmpty else { return }
        let texts = try await store.read { reader in
            try numbers.reduce(into: [RequestNumber: [String]]()) { texts, number in
                guard try reader.unansweredDeviceLists([number]) == 0 else { return }
                texts[number] = try reader.deviceListAnswers(to: number)
            }
        }
        let now = clock.now()
        for index in open.indices where open[index].outcome == nil {
            open[index].read(texts, at: now, quietTime: quiet, share: pacer.chance.share())
        }
    }
}

extension DeviceListAsker.Open {
    /// Whether it is to be asked now: for the first time, after a failure, or since its answer seems to be lost.
    fileprivate func isDue(at now: Timestamp, silence: Duration) -> Bool {
        guard outcome == nil else { return false }
        return (askAt ?? lostAt(silence: silence)).map { $0 <= now } ?? false
    }

    /// When the answer counts as lost; `nil` while a part of it is there.
    private func lostAt(silence: Duration) -> Timestamp? {
        guard let last = requests.last, requests.allSatisfy({ $0.messages == 0 || $0.isUnusable }) else { return nil }
        return last.askedAt + silence * (1 << min(requests.count - 1, 10))
    }

    /// When there is something to do although nothing happens until then.
    fileprivate func wakes(after now: Timestamp, quietTime: Duration, silence: Duration) -> Timestamp? {
        let quiets = requests.filter { !$0.isUnusable && $0.messages > 0 }.map { $0.changedAt + quietTime }
        return ([deadline, askAt ?? lostAt(silence: silence)].compactMap(\.self) + quiets).filter { $0 > now }.min()
    }

    fileprivate mutating func fails(_ why: String, at now: Timestamp, share: Double) {
        failures += 1
        reason = why
        askAt = now + DeviceListAsker.backOff.wait(after: failures, share: share)
    }

    fileprivate mutating func isBusy(until: Timestamp, at now: Timestamp, longestWait: Duration, timeout: Duration) {
        let end = deadline ?? now + timeout
        guard until <= now + longestWait, until < end else {
            outcome = .notAnswered(.busy(until: until))
            return
        }
        deadline = end
        askAt = max(askAt ?? until, until)
    }

    fileprivate mutating func read(
        _ texts: [RequestNumber: [String]], at now: Timestamp, quietTime: Duration, share: Double
    ) {
        for index in requests.indices where !requests[index].isUnusable {
            let request = requests[index]
            guard let texts = texts[request.number], !texts.isEmpty else { continue }
            if texts.count != request.messages {
                requests[index].messages = texts.count
                requests[index].changedAt = now
            }
            let progress = ListAnswerProgress(texts, asked: question.devices)
            let isOver = now >= deadline ?? .distantPast
            guard progress.isComplete || isOver || now >= requests[index].changedAt + quietTime else { continue }
            switch progress.answer {
            case .rows(let rows):
                outcome = .answered(
                    DeviceListAnswer(
                        request: request.number, filter: question.filter, devices: question.devices,
                        askedAt: request.askedAt, rows: rows, provesAbsence: progress.provesAbsence))
                return
            case .notAnswered(let why):
                requests[index].isUnusable = true
                if askAt == nil { fails(why, at: now, share: share) }
            case nil:
                continue
            }
        }
    }

    fileprivate mutating func endIfOver(at now: Timestamp, isStopped: Bool) {
        guard outcome == nil else { return }
        if isStopped {
            outcome = .notAnswered(.stopped)
        } else if let deadline, deadline <= now {
            let lost = "the answer to a device list did not come in time"
            outcome = .notAnswered(.late(reason.map { "\(lost): \($0)" } ?? lost))
        }
    }
}
