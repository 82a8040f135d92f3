/// The devices that a page lists, as data for its script: those that are left out of the plan first, then the actions,
/// a fair share of each account and kind if there are too many.
struct PlanPageList {
    /// How many devices there are to list.
    let total: Int
    /// How many of them are listed.
    let count: Int
    private let plan: Plan
    private let exceptions: ArraySlice<PlanException>
    private let groups: [ActionGroup]

    init(_ plan: Plan, limit: Int) {
        self.plan = plan
        exceptions = ArraySlice(plan.exceptions.prefix(limit))
        groups = plan.actions.groups(listing: limit - exceptions.count)
        total = plan.actions.count + plan.exceptions.count
        count = groups.reduce(exceptions.count) { $0 + $1.listed.count }
    }

    /// Writes an object: texts that recur, and rows of `[kind, eid, iccid, account, now, desired, labels, reason]`,
    /// numbers into those texts except for the identifiers and the reason.
    func writeData<Failure: Error>(to write: ([UInt8]) throws(Failure) -> Void) throws(Failure) {
        var json = JSONWriter()
        var texts = NumberedTexts()
        var labels = NumberedLabels(plan: plan)
        json.begin("{")
        json.begin("[", "rows")
        for exception in exceptions {
            row(
                exception.reason.name, exception.key, exception.account, exception.known?.name ?? "never seen",
                exception.desired, labels.number(ofDevice: Int(exception.device)), exception.reason.explanation,
                &texts, &json)
            try write(json.bytes)
            json.removeAll()
        }
        for position in groups.lazy.flatMap(\.listed) {
            let action = plan.actions[Int(position)]
            row(
                action.action.rawValue, action.key, action.account, action.origin(at: plan.createdAt), action.desired,
                labels.number(ofDevice: plan.actions.deviceIndex(at: Int(position))), "", &texts, &json)
            try write(json.bytes)
            json.removeAll()
        }
        json.end("]")
        json.member("texts", texts.texts)
        json.begin("[", "labels")
        for labels in labels.sets {
            json.begin("[")
            for label in labels { json.element("\(label.key)=\(label.value)".visible) }
            json.end("]")
        }
        json.end("]")
        json.end("}")
        try write(json.bytes)
    }

    private func row(
        _ kind: String, _ key: DeviceKey, _ account: AccountName, _ now: String, _ desired: DesiredState,
        _ labels: Int, _ reason: String, _ texts: inout NumberedTexts, _ json: inout JSONWriter
    ) {
        json.newLine()
        json.begin("[")
        json.element(texts.number(kind))
        json.element(key.eid.description)
        json.element(key.iccid.description)
        json.element(texts.number(account.description.visible))
        json.element(texts.number(now))
        json.element(texts.number(desired.rawValue))
        json.element(labels)
        if !reason.isEmpty { json.element(reason.visible) }
        json.end("]")
    }
}

/// Numbers texts that recur.
private struct NumberedTexts {
    private(set) var texts: [String] = []
    private var numbers: [String: Int] = [:]

    mutating func number(_ text: String) -> Int {
        if let number = numbers[text] { return number }
        texts.append(text)
        numbers[text] = texts.count - 1
        return texts.count - 1
    }
}

/// Numbers the sets of labels of the devices that are listed.
private struct NumberedLabels {
    let plan: Plan
    private(set) var sets: [[(key: String, value: String)]] = []
    private var numbers: [UInt32: Int] = [:]

    init(plan: Plan) {
        self.plan = plan
    }

    mutating func number(ofDevice device: Int) -> Int {
        let fleet = plan.actions.fleet
        let set = fleet.devices.indices.contains(device) ? fleet.devices[device].labels : 0
        if let number = numbers[set] { return number }
        sets.append(plan.labels(ofDevice: device))
        numbers[set] = sets.count - 1
        return sets.count - 1
    }
}
