import Foundation

/// The model behind its door: calls, ended work and deliveries come one at a time.
actor SimulatorState {
    /// A message on its way to an endpoint.
    struct Delivery: Sendable {
        let message: CarrierModel.Message
        let number: Int
        /// Whether it is sent although the message was acknowledged, and not sent again.
        let isDuplicate: Bool
    }

    private(set) var model: CarrierModel
    private var jobs = DueQueue<CarrierModel.Job>()
    private var deliveries = DueQueue<Delivery>()
    private var deliveriesUnderWay = 0
    private var faults = FaultChooser()
    /// Early messages of a request that are still to be delivered before its answer leaves.
    private var awaited: [String: Int] = [:]
    private let wake: AsyncStream<Void>.Continuation

    init(model: CarrierModel, wake: AsyncStream<Void>.Continuation) {
        self.model = model
        self.wake = wake
    }

    /// Seconds on a clock that only goes forward.
    static func now() -> Double {
        Double(DispatchTime.now().uptimeNanoseconds) / 1_000_000_000
    }

    // MARK: Calls

    func answer(_ call: Call) -> Reply {
        let now = Self.now()
        // What is over by now is over, however long the deliveries that come before it take.
        endWork(dueBy: now)
        guard let endpoint = Endpoint(method: call.method, path: call.path) else { return Reply(.wrongPath) }
        if let refusal = refuse(endpoint, call, now: now) { return Reply(refusal) }
        guard let choice = faults.choose(for: endpoint, call, model.chance, model.options, now: now) else {
            return Reply(answer(endpoint, call, now: now))
        }
        model.counts.faults[choice.fault.rawValue, default: 0] += 1
        model.endTokens(by: choice.fault, session: call.sessionToken)
        let answer = choice.fault.isAfterAcceptance ? answer(endpoint, call, now: now) : .wrongPath
        return choice.fault.reply(insteadOf: answer, to: call, share: choice.share, options: model.options)
    }

    /// What stands before every other call: sign-in, content type, the limit of requests.
    private func refuse(_ endpoint: Endpoint, _ call: Call, now: Double) -> Answer? {
        switch endpoint {
        case .counts, .devices, .setDevice, .drift, .lists, .people, .token: return nil
        default: break
        }
        if let refusal = model.refuseBearer(call.authorization, now: now) { return refusal }
        // Verizon's own client names no type where it sends no body.
        let hasBody = call.method == "POST" && endpoint != .logout
        guard !hasBody || call.contentType?.lowercased().hasPrefix("application/json") == true else {
            return .error("DeserializationFailed", "Content-Type must be application/json.")
        }
        if endpoint == .login { return nil }
        return model.refuseSession(call.sessionToken, now: now) ?? throttle(now)
    }

    private func answer(_ endpoint: Endpoint, _ call: Call, now: Double) -> Answer {
        switch endpoint {
        case .counts:
            return Answer(status: 200, body: encoded(model.counts))
        case .devices:
            return deviceStates()
        case .setDevice(let iccid):
            return setDevice(iccid, call.json)
        case .drift:
            return drift(call.json)
        case .lists:
            model.falseStatus = call.json?["profileStatus"] as? String
            return .ok(.object(model.falseStatus.map { [("profileStatus", .string($0))] } ?? []))
        case .token:
            return model.issueToken(
                authorization: call.authorization, contentType: call.contentType, body: call.body, now: now)
        case .login:
            return model.logIn(call.json, now: now)
        case .logout:
            return model.logOut(call.sessionToken ?? "")
        case .action(let action):
            return start(model.act(action, body: call.json, rawBody: call.body, now: now))
        case .deviceListV1:
            return model.listDevices(call.json, now: now)
        case .deviceListV2:
            return start(model.requestDeviceList(call.json, now: now))
        case .callbacks(let account):
            return call.method == "GET"
                ? model.listRegistrations(account: account, now: now)
                : start(model.register(account: account, body: call.json, now: now))
        case .callback(let account, let service):
            return model.deregister(account: account, service: service, now: now)
        case .requestStatus(let account, let requestID):
            return model.requestStatus(account: account, requestID: requestID)
        case .people:
            return people(call.json)
        }
    }

    private func throttle(_ now: Double) -> Answer? {
        guard let limit = model.options.requestsPerSecond else { return nil }
        model.requestTimes.removeAll { $0 <= now - 1 }
        guard model.requestTimes.count < limit else {
            model.counts.throttledRequests += 1
            var answer = Answer.error("REQUEST_FAILED.TooManyRequests", "Too many requests.", status: 429)
            answer.retryAfter = 1
            return answer
        }
        model.requestTimes.append(now)
        return nil
    }

    private func start(_ result: (Answer, [CarrierModel.Job])) -> Answer {
        for job in result.1 { jobs.add(job, due: job.due) }
        if let requestID = result.0.awaitedRequest {
            awaited[requestID] =
                result.1.count { job in
                    if case .earlyFailure = job.kind { true } else { false }
                }
        }
        if !result.1.isEmpty { wake.yield() }
        return result.0
    }

    // MARK: The simulator's own calls

    private func encoded(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    private func deviceStates() -> Answer {
        .ok(
            .array(
                model.devices.map { device in
                    .object([
                        ("eid", .string(device.eid)), ("iccid", .string(device.iccid)),
                        ("accountName", .string(device.accountName)), ("profileStatus", .string(device.profileStatus)),
                        ("state", .string(device.state)), ("acceptedCalls", .number(device.acceptedCalls)),
                        ("acceptedDownloads", .number(device.acceptedDownloads)),
                    ])
                }))
    }

    private func setDevice(_ iccid: String, _ body: [String: Any]?) -> Answer {
        guard let index = model.anyIndex(iccid: iccid) else {
            return .error("REQUEST_FAILED.DeviceNotFound", "The simulator has no such device.", status: 404)
        }
        if let isOnAccount = body?["onAccount"] as? Bool { model.set(isOnAccount: isOnAccount, of: index) }
        if let status = body?["profileStatus"] as? String { model.set(status, of: index) }
        if let state = body?["state"] as? String { model.setState(state, of: index) }
        return .ok(.object([("iccid", .string(iccid))]))
    }

    private func drift(_ body: [String: Any]?) -> Answer {
        guard let count = body?["count"] as? Int, let status = body?["profileStatus"] as? String else {
            return .error("DeserializationFailed", "count and profileStatus are required.")
        }
        let iccids = drift(count, to: status, announced: body?["announced"] as? Bool ?? false)
        return .ok(.object([("iccids", .array(iccids.map { .string($0) }))]))
    }

    private func people(_ body: [String: Any]?) -> Answer {
        guard let count = body?["count"] as? Int, 0...10_000 ~= count else {
            return .error("DeserializationFailed", "count is required, 10,000 at most.")
        }
        let iccids = changeByPeople(
            count, includingDownloads: body?["includingDownloads"] as? Bool ?? false,
            announced: body?["announced"] as? Bool ?? false)
        return .ok(.object([("iccids", .array(iccids.map { .string($0) }))]))
    }

    func changeByPeople(_ count: Int, includingDownloads: Bool, announced: Bool) -> [String] {
        let (iccids, messages) = model.changeByPeople(
            count, includingDownloads: includingDownloads, announced: announced)
        for message in messages { schedule(message, now: Self.now()) }
        if !messages.isEmpty { wake.yield() }
        return iccids
    }

    /// Changes profiles as another system on the same accounts would.
    func drift(_ count: Int, to status: String, announced: Bool) -> [String] {
        let (iccids, messages) = model.drift(count, to: status, announced: announced)
        for message in messages { schedule(message, now: Self.now()) }
        if !messages.isEmpty { wake.yield() }
        return iccids
    }

    func setLists(profileStatus: String?) { model.falseStatus = profileStatus }

    var counts: SimulatorCounts { model.counts }
    var devices: [SimulatedDevice] { model.devices }
    var isQuiet: Bool { jobs.isEmpty && deliveries.isEmpty && deliveriesUnderWay == 0 }

    func set(profileStatus: String, iccid: String) {
        if let index = model.index(iccid: iccid) { model.set(profileStatus, of: index) }
    }

    func set(state: String, iccid: String) {
        if let index = model.index(iccid: iccid) { model.setState(state, of: index) }
    }

    func set(isOnAccount: Bool, iccid: String) {
        if let index = model.anyIndex(iccid: iccid) { model.set(isOnAccount: isOnAccount, of: index) }
    }

    // MARK: Work and deliveries

    /// Ends the work that is due, and gives what is to be delivered now and when to look again.
    func whatIsDue() -> (deliveries: [(Delivery, CarrierModel.Registration)], next: Double?) {
        let now = Self.now()
        endWork(dueBy: now)
        var due: [(Delivery, CarrierModel.Registration)] = []
        while let delivery = deliveries.take(at: now) {
            guard
                let registration = model.registration(
                    delivery.message.account, CarrierModel.profileService, now: now)
            else {
                model.counts.callbacksGivenUp += 1
                isDelivered(delivery)
                continue
            }
            model.counts.callbacksSent += 1
            deliveriesUnderWay += 1
            due.append((delivery, registration))
        }
        let next = [jobs.nextDue, deliveries.nextDue].compactMap { $0 }.min()
        return (due, next)
    }

    private func endWork(dueBy now: Double) {
        while let job = jobs.take(at: now) {
            let (messages, further) = model.finish(job)
            for message in messages { schedule(message, now: now) }
            for job in further { jobs.add(job, due: job.due) }
            if !messages.isEmpty { wake.yield() }
        }
    }

    private func schedule(_ message: CarrierModel.Message, now: Double) {
        let options = model.options
        func happens(_ purpose: String, _ rate: Double, delivery: Int = 1) -> Bool {
            let fate = delivery == 1 ? message.fate : "\(message.fate) \(delivery)"
            return rate > 0 && model.chance.share(purpose, fate) < rate
        }
        guard !message.isList else {
            if happens("drop list", options.listDropRate) {
                model.counts.listsDropped += 1
                return
            }
            deliveries.add(Delivery(message: message, number: 1, isDuplicate: false), due: now)
            return
        }
        if happens("drop", options.dropRate) {
            model.counts.callbacksDropped += 1
            return
        }
        var message = message
        if happens("other request", options.otherRequestRate) {
            message.requestID = model.nextGUID()
            model.counts.callbacksUnderOtherRequests += 1
        }
        let isLate = happens("late", options.lateRate)
        if isLate { model.counts.callbacksLate += 1 }
        let count = max(options.deliveries, happens("duplicate", options.duplicateRate) ? 2 : 1)
        for number in 1...count {
            let isHeldBack = happens("reorder", options.reorderRate, delivery: number)
            deliveries.add(
                Delivery(message: message, number: number, isDuplicate: number > 1),
                due: now + (isLate ? options.lateDelay : 0) + (isHeldBack ? options.reorderDelay : 0)
                    + 0.05 * Double(number - 1))
        }
    }

    /// What came of a delivery: acknowledged, or to be made again.
    func ended(_ delivery: Delivery, acknowledged: Bool) {
        deliveriesUnderWay -= 1
        isDelivered(delivery)
        if acknowledged {
            model.counts.callbacksAcknowledged += 1
        } else if delivery.isDuplicate || delivery.number >= model.options.maxCallbackThreshold {
            model.counts.callbacksGivenUp += 1
        } else {
            deliveries.add(
                Delivery(message: delivery.message, number: delivery.number + 1, isDuplicate: false),
                due: Self.now() + model.options.redeliveryInterval)
            wake.yield()
        }
    }

    private func isDelivered(_ delivery: Delivery) {
        guard let count = awaited[delivery.message.requestID] else { return }
        awaited[delivery.message.requestID] = count > 1 ? count - 1 : nil
    }

    /// Whether messages of a request are still to be delivered before its answer leaves.
    func isAwaiting(_ requestID: String) -> Bool { awaited[requestID] != nil }

    func body(of delivery: Delivery, to registration: CarrierModel.Registration) -> String {
        let message = delivery.message
        var password = registration.password
        if delivery.number == 1, !message.isList,
            model.chance.share("wrong credentials", message.fate) < model.options.wrongCredentialsRate
        {
            password += "-wrong"
            model.counts.callbacksWithWrongCredentials += 1
        }
        return model.body(of: message, to: registration, password: password, delivery: delivery.number)
    }
}
