/// The five local-profile actions.
enum ProfileActionName: String, CaseIterable, Sendable {
    case downloadEnable = "download_enable"
    case downloadDisable = "download_disable"
    case enable
    case disable
    case delete

    var isDownload: Bool { self == .downloadEnable || self == .downloadDisable }

    /// The status that the carrier shows after it.
    var resultingStatus: String {
        switch self {
        case .downloadEnable: "DOWNLOAD_ENABLE"
        case .downloadDisable: "DOWNLOAD_DISABLE"
        case .enable: "ENABLE"
        case .disable: "DISABLE"
        case .delete: "DELETE"
        }
    }
}

/// Profile actions: what is refused at once, and what is taken. Source: `thingspace.md`, sections 2 and 6.1.
extension CarrierModel {
    mutating func act(
        _ action: ProfileActionName, body: [String: Any]?, rawBody: String, now: Double
    ) -> (Answer, [Job]) {
        func refuse(_ answer: Answer) -> (Answer, [Job]) {
            counts.refusedRequests += 1
            return (answer, [])
        }
        guard !rawBody.isEmpty else { return refuse(.error("INPUT_INVALID.RequestUndefined", "The request is empty.")) }
        guard let body else { return refuse(.error("DeserializationFailed", "The request cannot be read.")) }
        guard !Self.holdsForbidden(body) else {
            return refuse(.error("INPUT_INVALID.Request.InvalidCharacter", "The request holds an invalid character."))
        }
        guard let account = body["accountName"] as? String, !account.isEmpty else {
            return refuse(.error("INPUT_INVALID.Account.NotDefined", "accountName is required."))
        }
        guard accounts.contains(account) else {
            return refuse(.error("REQUEST_FAILED.AccountNotFound", "The account does not exist."))
        }
        guard let smsr = body["smsrOid"] as? String, !smsr.isEmpty,
            let list = body["devices"] as? [[String: Any]], !list.isEmpty
        else {
            return refuse(.error("REQUEST_FAILED.UnexpectedError", "A required element is missing."))
        }
        guard list.count <= largestBatch else {
            return refuse(
                .error("INPUT_INVALID.NumberofDevices", "At most \(largestBatch) devices can be in one request."))
        }
        if let refusal = refusalOfAccount(account) { return refuse(refusal) }
        var indices: [Int] = []
        for element in list {
            switch device(element, account: account, smsr: smsr) {
            case .success(let index):
                if let refusal = refusalOnce(of: index) { return refuse(refusal) }
                indices.append(index)
            case .failure(let refusal):
                return refuse(refusal.answer)
            }
        }
        return take(action, indices, now: now)
    }

    /// Whether a text within holds an apostrophe, a `<` or a backslash. How JSON escapes a text does not matter.
    private static func holdsForbidden(_ value: Any) -> Bool {
        switch value {
        case let text as String: text.utf8.contains { Array("'<\\".utf8).contains($0) }
        case let list as [Any]: list.contains(where: holdsForbidden)
        case let object as [String: Any]: object.contains { holdsForbidden($0.key) || holdsForbidden($0.value) }
        default: false
        }
    }

    private struct Refusal: Error {
        let answer: Answer
    }

    private func device(_ element: [String: Any], account: String, smsr: String) -> Result<Int, Refusal> {
        func refuse(_ code: String, _ message: String) -> Result<Int, Refusal> {
            .failure(Refusal(answer: .error(code, message)))
        }
        guard let ids = element["deviceIds"] as? [[String: Any]] else {
            return refuse("REQUEST_FAILED.UnexpectedError", "deviceIds is missing.")
        }
        var named: [String: String] = [:]
        for id in ids {
            guard let kind = id["kind"] as? String, let value = id["id"] as? String else {
                return refuse("DeserializationFailed", "A device identifier needs a kind and an id.")
            }
            guard ["eid", "iccid"].contains(kind.lowercased()) else {
                return refuse("INPUT_INVALID.Device.Kind.Invalid", "The kind \(kind) is not allowed here.")
            }
            guard !value.isEmpty, value.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
                return refuse("INPUT_INVALID.Device.Identifier.Invalid", "The identifier \(value) is not valid.")
            }
            named[kind.lowercased()] = value
        }
        guard let eid = named["eid"], let iccid = named["iccid"] else {
            return refuse("INPUT_INVALID.Device.Identifier.Invalid", "Both an EID and an ICCID are required.")
        }
        guard let index = index(iccid: iccid), devices[index].eid == eid else {
            return refuse("REQUEST_FAILED.DeviceNotFound", "The device \(eid)/\(iccid) was not found.")
        }
        guard devices[index].accountName == account else {
            return refuse("INPUT_INVALID.Device.Account.Invalid", "The device \(eid)/\(iccid) is of another account.")
        }
        guard devices[index].state.lowercased() == "active" else {
            return refuse("INPUT_INVALID.DeviceState.Invalid", "The device \(eid)/\(iccid) is not active.")
        }
        guard devices[index].smsrOid == smsr else {
            return refuse("REQUEST_FAILED.UnexpectedError", "The SM-SR does not manage the device \(eid)/\(iccid).")
        }
        return .success(index)
    }

    private mutating func take(_ action: ProfileActionName, _ indices: [Int], now: Double) -> (Answer, [Job]) {
        let requestID = nextGUID()
        counts.acceptedRequests[action.rawValue, default: 0] += 1
        counts.acceptedDevices[action.rawValue, default: 0] += indices.count
        requests[requestID] = RequestRecord(account: devices[indices[0]].accountName, devices: indices)
        var failsEarly = false
        var jobs: [Job] = []
        for index in indices {
            accept(index, download: action.isDownload)
            if behaves(.statusInTransition) { memory.transitionEnds[index] = .infinity }
            if failsBeforeAnswer(index) {
                failsEarly = true
                jobs.append(Job(kind: .earlyFailure(action, device: index), requestID: requestID, due: now))
                continue
            }
            let attempt = devices[index].acceptedCalls
            let delay = options.callbackDelay
            let share = chance.share("delay", devices[index].iccid, String(attempt))
            let due = now + delay.lowerBound + (delay.upperBound - delay.lowerBound) * share
            jobs += messagesMeanwhile(action, of: index, from: now, to: due)
            jobs.append(
                Job(kind: .action(action, device: index, attempt: attempt), requestID: requestID, due: due))
        }
        var answer = Answer.ok(.object([("requestId", .string(requestID))] + membersBesideRequestID()))
        if failsEarly { answer.awaitedRequest = requestID }
        return (answer, jobs)
    }
}
