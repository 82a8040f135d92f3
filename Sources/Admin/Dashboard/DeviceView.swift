import Reconciler

/// What the page of one eUICC shows: each of its profiles with everything that has happened to it.
struct DeviceView: Sendable {
    struct Fact: Sendable {
        let term: String
        let value: String
    }

    struct Entry: Sendable {
        let iso: String
        let full: String
        let event: String
        let detail: String
        /// Who or what caused it.
        let cause: String?
        let hasDetail: Bool
    }

    struct Message: Sendable {
        let iso: String
        let full: String
        let verdict: String
        let text: String
    }

    struct Profile: Sendable {
        let iccid: String
        let facts: [Fact]
        let word: String
        let state: String?
        let explanation: String?
        let carrierWords: String?
        let entries: [Entry]
        let hasEntries: Bool
        let entriesLeftOut: String?
        let messages: [Message]
        let hasMessages: Bool
        let messagesLeftOut: String?
    }

    /// More are left to the JSON API.
    private static let entryLimit = 300
    private static let messageLimit = 50

    let frame: PageFrame
    let eid: String
    let profiles: [Profile]

    init(_ eid: EID, _ devices: [DeviceStatus], _ records: [DeviceRecord], frame: PageFrame) {
        self.frame = frame
        self.eid = eid.description
        profiles = devices.map { device in
            Self.profile(device, records.first { $0.key.iccid.description == device.iccid })
        }
    }

    private static func profile(_ device: DeviceStatus, _ record: DeviceRecord?) -> Profile {
        var facts = [
            Fact(term: "Account", value: device.accountName),
            Fact(
                term: "Profile",
                value: (device.profile ?? "never seen") + (device.profileStatus.map { " (\($0))" } ?? "")),
        ]
        if let observation = record?.observation {
            facts.append(
                Fact(term: "Learnt", value: "\(observation.at.inUTC), by \(observation.source.name)"))
            if let reached = record?.reached, reached != observation.state {
                facts.append(Fact(term: "Drifted from", value: reached.name))
            }
        }
        if let doubt = device.doubt { facts.append(Fact(term: "In doubt", value: doubt)) }
        facts.append(Fact(term: "Line", value: device.service))
        if let imei = device.imei { facts.append(Fact(term: "IMEI", value: imei)) }
        let operation = record?.operation
        let entries = device.timeline.suffix(entryLimit).reversed().map(Entry.init)
        let messages = device.callbacks.suffix(messageLimit).reversed().map(Message.init)
        let entriesLeftOut = device.timeline.count - entries.count
        let messagesLeftOut = device.callbacks.count - messages.count
        return Profile(
            iccid: device.iccid, facts: facts, word: record?.standingWord ?? "none", state: device.operation,
            explanation: operation?.explanation, carrierWords: operation?.carrierWords, entries: entries,
            hasEntries: !entries.isEmpty,
            entriesLeftOut: entriesLeftOut > 0 ? entriesLeftOut.grouped : nil, messages: messages,
            hasMessages: !messages.isEmpty, messagesLeftOut: messagesLeftOut > 0 ? messagesLeftOut.grouped : nil)
    }
}

extension DeviceView.Entry {
    fileprivate init(_ event: DeviceStatus.Event) {
        iso = event.at
        full = Self.inUTC(event.at)
        self.event = event.event
        detail = event.detail
        // Messages have a list of their own; what they tell goes back to a commit all the same.
        cause = event.callback == nil ? event.cause : event.commit.map { "commit \($0.prefix(12))" }
        hasDetail = !event.detail.isEmpty || cause != nil
    }

    /// To the millisecond: the order of what happened counts.
    fileprivate static func inUTC(_ iso: String) -> String {
        iso.replacing("T", with: " ").replacing("Z", with: " UTC")
    }
}

extension DeviceView.Message {
    fileprivate init(_ callback: DeviceStatus.Callback) {
        iso = callback.receivedAt
        full = DeviceView.Entry.inUTC(callback.receivedAt)
        verdict =
            callback.verdict + (callback.deliveries > 1 ? ", delivered \(callback.deliveries) times" : "")
        text = callback.text
    }
}

extension Operation {
    /// How it stands, in sentences; `nil` if there is nothing to explain.
    fileprivate var explanation: String? {
        let reason: PlanException.Reason
        switch phase {
        case .intended, .submitted, .enablePending: reason = .inProgress(self)
        case .unresolved(let why, _): reason = .held(why, self)
        case .failed(let failure, let retryAt?): reason = .waiting(failure, until: retryAt)
        case .failed(let failure, nil): reason = .failed(failure, attempts: attempt)
        case .withdrawn(let why, _): return why
        case .succeeded: return nil
        }
        return reason.explanation
    }

    /// What the carrier said of its failure.
    fileprivate var carrierWords: String? {
        guard case .failed(let failure, _) = phase else { return nil }
        let words = [failure.code, failure.carrierText].compactMap(\.self).joined(separator: ": ")
        return words.isEmpty ? nil : words
    }
}
