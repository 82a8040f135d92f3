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

    func answer(_ call: Call) -> Answer {
        let now = Self.now()
        guard let endpoint = Endpoint(method: call.method, path: call.path) else { return .wrongPath }
        switch endpoint {
        case .counts:
            return Answer(status: 200, body: encoded(model.counts))
        case .devices:
            return deviceStates()
        case .setDevice(let iccid):
            return setDevice(iccid, call.json)
        case .token:
            return model.issueToken(
                authorization: call.authorization, contentType: call.contentType, body: call.body, now: now)
        default:
            break
        }
        if let refusal = model.refuseBearer(call.authorization, now: now) { return refusal }
        guard call.contentType?.lowercased().hasPrefix("application/json") == true else {
            return .error("DeserializationFailed", "Content-Type must be application/json.")
        }
        if endpoint == .login { return model.logIn(call.json, now: now) }
        if let refusal = model.refuseSession(call.sessionToken, now: now) { return refusal }
        if let refusal = throttle(now) { return refusal }
        return answer(endpoint, call, now: now)
    }

    private func answer(_ endpoint: Endpoint, _ call: Call, now: Double) -> Answer {
        switch endpoint {
        case .logout:
            return model.logOut(call.sessionToken ?? "")
        case .action(let action):
            return start(model.act(action, body: call.json, rawBody: call.body, now: now))
        case .deviceListV1:
            return model.listDevices(call.json)
        case .deviceListV2:
            return start(model.requestDeviceList(call.json, now: now))
        case .callbacks(let account):
            return call.method == "GET"
                ? model.listRegistrations(account: account) : model.register(account: account, body: call.json)
        case .callback(let account, let service):
            return model.deregister(account: account, service: service)
        case .token, .login, .counts, .devices, .setDevice:
            return .wrongPath
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
        guard let index = model.index(iccid: iccid) else {
            return .error("REQUEST_FAILED.DeviceNotFound", "The simulator has no such device.", status: 404)
        }
        if let status = body?["profileStatus"] as? String { model.set(status, of: index) }
        if let state = body?["state"] as? String { model.setState(state, of: index) }
        return .ok(.object([("iccid", .string(iccid))]))
    }

    var counts: SimulatorCounts { model.counts }
    var devices: [SimulatedDevice] { model.devices }

    func set(profileStatus: String, iccid: String) {
        if let index = model.index(iccid: iccid) { model.set(profileStatus, of: index) }
    }

    // MARK: Work and deliveries

    /// Ends the work that is due, and gives what is to be delivered now and when to look again.
    func whatIsDue() -> (deliveries: [(Delivery, CarrierModel.Registration)], next: Double?) {
        let now = Self.now()
        while let job = jobs.take(at: now) {
            let (messages, further) = model.finish(job)
            for message in messages { schedule(message, now: now) }
            for job in further { jobs.add(job, due: job.due) }
        }
        var due: [(Delivery, CarrierModel.Registration)] = []
        while let delivery = deliveries.take(at: now) {
            guard
                let registration = model.registrations[delivery.message.account]?[CarrierModel.profileService]
            else {
                model.counts.callbacksGivenUp += 1
                continue
            }
            model.counts.callbacksSent += 1
            due.append((delivery, registration))
        }
        let next = [jobs.nextDue, deliveries.nextDue].compactMap { $0 }.min()
        return (due, next)
    }

    private func schedule(_ message: CarrierModel.Message, now: Double) {
        let options = model.options
        let isList = message.fate.hasPrefix("list ")
        if !isList, model.chance.share("drop", message.fate) < options.dropRate {
            model.counts.callbacksDropped += 1
            return
        }
        let isHeldBack = model.chance.share("reorder", message.fate) < options.reorderRate
        let due = isHeldBack ? now + options.reorderDelay : now
        deliveries.add(Delivery(message: message, number: 1, isDuplicate: false), due: due)
        if model.chance.share("duplicate", message.fate) < options.duplicateRate {
            deliveries.add(Delivery(message: message, number: 2, isDuplicate: true), due: due + 0.05)
        }
    }

    /// What came of a delivery: acknowledged, or to be made again.
    func ended(_ delivery: Delivery, acknowledged: Bool) {
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

    func body(of delivery: Delivery, to registration: CarrierModel.Registration) -> String {
        model.body(of: delivery.message, to: registration, delivery: delivery.number)
    }
}
