/// One message that answers a v2 device list, decoded strictly: what is no list is no answer.
struct DeviceListMessage: Hashable, Sendable {
    enum Content: Hashable, Sendable {
        /// A list in an array.
        case list([DeviceListRow])
        /// A message about one device; others may follow (`thingspace.md`, section 8.27).
        case device([DeviceListRow])
        /// The carrier says that it is still at work.
        case pending
        /// It tells nothing of any device.
        case unusable(String)
    }

    let content: Content
    /// Entries of the list that name no device.
    private(set) var unreadableRows = 0
    /// Whether it says that more of the list follows.
    private(set) var isPart = false

    /// - Parameter text: the message as it was kept.
    init(_ text: String) {
        do {
            self.init(try JSONValue(callback: Array(text.utf8)))
        } catch {
            self.init(.unusable("a message of it cannot be read: \(error.reason)"))
        }
    }

    private init(_ content: Content) {
        self.content = content
    }

    init(_ message: JSONValue) {
        isPart = (message["hasMoreData"] ?? message["deviceResponse"]?["hasMoreData"])?.bool == true
        if let fault = Self.fault(in: message) {
            content = .unusable("the carrier answered with a fault: \(fault)")
            return
        }
        let status = [message["status"], message["deviceResponse"]?["status"]].compactMap(\.self).first {
            !Self.isEmpty($0)
        }
        switch status.map({ $0.text?.foldedForComparison ?? "unreadable" }) {
        case nil, "success": break
        case "inprogress", "pending", "queued", "processing", "submitted":
            content = .pending
            return
        case .some:
            content = .unusable("the carrier answered with the status \(status?.word?.excerpt(limit: 60) ?? "")")
            return
        }
        let account = (message["accountName"] ?? message["deviceResponse"]?["accountName"])?.text.map {
            AccountName($0)
        }
        let lists = Self.arrays(in: message).map { list in
            (list, list.value.elements.map { DeviceListRow.rows(in: $0, account: account) })
        }
        let rows = lists.flatMap { $0.1.flatMap(\.self) }
        // Profiles in an array of their own belong to the device that the message names.
        if !DeviceListRow.names(of: message).isEmpty, rows.allSatisfy(\.identifiers.eids.isEmpty) {
            content = .device(DeviceListRow.rows(in: message, account: account))
            return
        }
        guard rows.isEmpty else {
            content = .list(rows)
            unreadableRows = lists.reduce(0) { count, list in
                let unread = list.1.count(where: \.isEmpty)
                return unread == list.1.count && !Self.isListName(list.0.name) ? count : count + unread
            }
            return
        }
        let lone = DeviceListRow.rows(in: message, account: account)
        if !lone.isEmpty {
            content = .device(lone)
        } else if let list = lists.first(where: { !$0.1.isEmpty })?.1 {
            content = .unusable("of its \(counted(list.count, "row")) none names a device")
        } else if lists.contains(where: { Self.isListName($0.0.name) }), !Self.isNull(message["status"]) {
            content = .list([])
        } else {
            content = .unusable("it holds no list of devices")
        }
    }

    private static func isNull(_ value: JSONValue?) -> Bool {
        guard let value else { return false }
        return value.text == nil
    }

    /// What is wrong, in the carrier's words; members that say nothing are no fault.
    private static func fault(in message: JSONValue) -> String? {
        let response = message["deviceResponse"]
        let errors = [
            message["faultResponse"], message["errorCode"], message["error"], message["fault"],
            response?["faultResponse"], response?["errorCode"], response?["error"],
        ]
        let words = errors.compactMap { $0?.reportedError } + [message["errorMessage"]].compactMap { $0?.errorCode }
        return words.isEmpty ? nil : words.joined(separator: ": ").excerpt(limit: 200)
    }

    private static func isEmpty(_ value: JSONValue) -> Bool {
        !value.isObject && !value.isArray && value.bool == nil && value.word == nil
    }

    private typealias NamedArray = (name: JSONValue, value: JSONValue)

    /// The arrays in a message that no other array encloses, those of identifiers left out.
    private static func arrays(in object: JSONValue) -> [NamedArray] {
        object.members.flatMap { member -> [NamedArray] in
            if member.name.isText("deviceIds") || member.name.isText("ids") || member.name.isAsideName { return [] }
            return member.value.isArray ? [member] : arrays(in: member.value)
        }
    }

    private static let listNames: Set<String> = [
        "devices", "devicelist", "deviceresponse", "deviceprofileresponse", "deviceinformation", "deviceinformations",
        "data", "items", "list", "results", "rows",
    ]

    /// Whether an array of this name is a list of devices, even if it is empty.
    private static func isListName(_ name: JSONValue) -> Bool {
        name.text.map { listNames.contains($0.foldedForComparison) } ?? false
    }
}

/// What the messages under one request for a v2 list say together.
enum ListAnswer: Hashable, Sendable {
    case rows([DeviceListRow])
    case notAnswered(String)
}

/// How far the answer to a v2 list has come: pure, from its messages so far.
struct ListAnswerProgress: Hashable, Sendable {
    /// `nil` while nothing has come that could be an answer.
    let answer: ListAnswer?
    /// Whether nothing else is expected; otherwise the answer is whole once messages have stopped coming.
    let isComplete: Bool
    /// Whether a device that it does not name is not listed: a list in one piece says so, and no single messages.
    let provesAbsence: Bool

    /// - Parameter asked: the devices that the list was asked for; none for a whole account.
    init(_ texts: [String], asked: [DeviceKey]) {
        let messages = texts.map { DeviceListMessage($0) }
        var rows: [DeviceListRow] = []
        var reasons: [String] = []
        var (answers, lists, wholeLists) = (0, 0, 0)
        for message in messages {
            switch message.content {
            case .list(let more):
                rows += more
                lists += 1
                if !message.isPart { wholeLists += 1 }
            case .device(let more):
                rows += more
            case .unusable(let reason):
                reasons.append(reason)
                continue
            case .pending:
                continue
            }
            if !message.isPart { answers += 1 }
        }
        let isInOnePiece =
            answers == 1 && wholeLists == 1 && reasons.isEmpty && messages.allSatisfy { $0.unreadableRows == 0 }
        provesAbsence = isInOnePiece
        if answers > 0 {
            answer = .rows(rows)
            isComplete =
                asked.isEmpty ? isInOnePiece && (rows.count != 1 || lists > 1) : Self.areNamed(asked, by: rows)
        } else if let reason = reasons.first {
            answer = .notAnswered(reason)
            isComplete = true
        } else {
            answer = nil
            isComplete = false
        }
    }

    private static func areNamed(_ keys: [DeviceKey], by rows: [DeviceListRow]) -> Bool {
        let iccids = Set(rows.flatMap(\.identifiers.iccids))
        let eids = Set(rows.filter(\.identifiers.iccids.isEmpty).flatMap(\.identifiers.eids))
        return keys.allSatisfy { iccids.contains($0.iccid) || eids.contains($0.eid) }
    }
}
