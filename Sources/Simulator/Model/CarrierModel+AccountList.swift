import Foundation

/// The synchronous v1 list: one device, or a page of those that fit. Source: `thingspace.md`, section 4.1.
extension CarrierModel {
    static let pageSize = 2000
    private static let identifierKinds: Set<String> = [
        "iccid", "meid", "imsi", "mdn", "imei", "msisdn", "esn", "eid",
    ]

    /// 200 when complete, 202 when there is more; the cursor is the last row's `DeviceId` attribute.
    mutating func listDevices(_ body: [String: Any]?, now: Double) -> Answer {
        if let refusal = refusalOfLists() { return refusal }
        guard let body else { return .error("DeserializationFailed", "The request cannot be read.") }
        if let account = body["accountName"] as? String, !accounts.contains(account) {
            return .error("REQUEST_FAILED.AccountNotFound", "The account does not exist.")
        }
        if let id = body["deviceId"] { return oneDevice(id, account: body["accountName"] as? String, now: now) }
        guard let size = Self.wholeNumber(body["maxNumberOfDevices"], or: Self.pageSize), size > 0,
            let cursor = Self.wholeNumber(body["largestDeviceIdSeen"], or: 0), cursor >= 0
        else {
            return .error("DeserializationFailed", "maxNumberOfDevices and largestDeviceIdSeen are whole numbers.")
        }
        if let refusal = refusalOfPage(body["maxNumberOfDevices"] == nil ? nil : size) { return refusal }
        switch selection(body) {
        case .failure(let refusal):
            return refusal.answer
        case .success(let selected):
            // Only who sends the cursor gets the order of the numbers.
            let ordered =
                body["largestDeviceIdSeen"] == nil
                ? selected.sorted { createdAt($0) < createdAt($1) }
                : selected.filter { number(of: $0) > cursor }
            let count = min(size, largestPage)
            let foreign = behaves(.listsForeignRows) ? foreignRowsV1(besides: body["accountName"] as? String) : []
            return page(
                foreign + ordered.prefix(count).map { row($0, now: now) }, hasMore: ordered.count > count)
        }
    }

    private mutating func page(_ rows: [JSON], hasMore: Bool) -> Answer {
        countRowBehaviors([.listsEmpty] + Self.rowBehaviors)
        let isEmpty = behaves(.listsEmpty)
        var members: [(String, JSON)] = [
            ("hasMoreData", .bool(hasMore && !isEmpty)), ("devices", .array(isEmpty ? [] : rows)),
        ]
        if behaves(.listsNullError) {
            count(.listsNullError)
            members += [("errorCode", .null), ("errorMessage", .string(""))]
        }
        return .ok(.object(members), status: hasMore && !isEmpty ? 202 : 200)
    }

    private struct Refusal: Error {
        let answer: Answer
    }

    private mutating func oneDevice(_ value: Any, account: String?, now: Double) -> Answer {
        guard let id = value as? [String: Any], let kind = id["kind"] as? String, let text = id["id"] as? String else {
            return .error("DeserializationFailed", "A deviceId needs a kind and an id.")
        }
        guard Self.identifierKinds.contains(kind.lowercased()) else {
            return .error("INPUT_INVALID.Device.Kind.Invalid", "The kind \(kind) is not allowed here.")
        }
        guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
            return .error("INPUT_INVALID.Device.Identifier.Invalid", "The identifier \(text) is not valid.")
        }
        let found = indices(kind: kind, id: text).filter { account == nil || devices[$0].accountName == account }
        guard !found.isEmpty else { return .error("REQUEST_FAILED.DeviceNotFound", "The device was not found.") }
        return page(found.map { row($0, now: now) }, hasMore: false)
    }

    /// A number without quotes and without a fraction; `nil` for anything else that is there.
    private static func wholeNumber(_ value: Any?, or absent: Int) -> Int? {
        guard let value, !(value is NSNull) else { return absent }
        return value is String ? nil : value as? Int
    }

    // MARK: Filters

    private func selection(_ body: [String: Any]) -> Result<[Int], Refusal> {
        var selected = devices.indices.filter { devices[$0].isOnAccount }
        if let account = body["accountName"] as? String {
            selected = selected.filter { devices[$0].accountName == account }
        }
        if let state = body["currentState"] as? String {
            selected = selected.filter { devices[$0].state.lowercased() == state.lowercased() }
        }
        if let group = body["groupName"] as? String {
            selected = selected.filter { devices[$0].groupNames.contains(group) }
        }
        if let plan = body["servicePlan"] as? String { selected = selected.filter { _ in plan == Self.servicePlan } }
        for (key, isKept) in [("earliest", { $0 >= $1 }), ("latest", { $0 <= $1 })] as [(String, (Date, Date) -> Bool)]
        {
            guard let value = body[key] else { continue }
            guard let text = value as? String, let limit = Self.date(text) else {
                return .failure(Refusal(answer: .error("DeserializationFailed", "\(key) is not a date and time.")))
            }
            selected = selected.filter { isKept(createdAt($0), limit) }
        }
        for field in body["customFields"] as? [[String: Any]] ?? [] {
            guard let key = field["key"] as? String, let value = field["value"] as? String else { continue }
            selected = selected.filter { devices[$0].customFields[key] == value }
        }
        return narrow(selected, by: (body["filter"] as? [String: Any])?["deviceIdentifierFilters"] as? [[String: Any]])
    }

    /// With and without parts of a second.
    private static func date(_ text: String) -> Date? {
        let formatter = ISO8601DateFormatter()
        if let date = formatter.date(from: text) { return date }
        formatter.formatOptions.insert(.withFractionalSeconds)
        return formatter.date(from: text)
    }

    private func narrow(_ selected: [Int], by filters: [[String: Any]]?) -> Result<[Int], Refusal> {
        var selected = selected
        for filter in filters ?? [] {
            guard let kind = (filter["kind"] as? String)?.lowercased(), Self.identifierKinds.contains(kind) else {
                return .failure(
                    Refusal(answer: .error("INPUT_INVALID.Device.Kind.Invalid", "The kind of a filter is not allowed."))
                )
            }
            selected = selected.filter { index in
                guard let id = identifier(kind, of: index) else { return false }
                return (filter["contains"] as? String).map { id.contains($0) } ?? true
                    && (filter["startswith"] as? String).map { id.hasPrefix($0) } ?? true
                    && (filter["endswith"] as? String).map { id.hasSuffix($0) } ?? true
            }
        }
        return .success(selected)
    }

    private func identifier(_ kind: String, of index: Int) -> String? {
        switch kind {
        case "iccid": devices[index].iccid
        case "eid": devices[index].eid
        case "imei": devices[index].imei
        default: nil
        }
    }

    // MARK: Rows

    private static let servicePlan = "sp4g"

    /// The carrier's number for a device: they are large, and have gaps.
    private func number(of index: Int) -> Int { 53_539_929_273 + index * 13 }

    /// The devices with the larger numbers were added first.
    private func createdAt(_ index: Int) -> Date { Date(timeIntervalSince1970: 1_760_000_000 - Double(index) * 60) }

    /// What may be absent is absent from some rows.
    private func row(_ index: Int, now: Double) -> JSON {
        let device = devices[index]
        var ids: [JSON] = [
            .object([("id", .string(device.iccid)), ("kind", .string("iccId"))]),
            .object([("id", .string(device.eid)), ("kind", .string("eid"))]),
        ]
        if let imei = device.imei { ids.append(.object([("id", .string(imei)), ("kind", .string("imei"))])) }
        let carrier = JSON.object([
            ("carrierName", .string("Verizon Wireless")), ("servicePlan", .string(Self.servicePlan)),
            ("state", .string(device.state.lowercased())),
        ])
        let created = createdAt(index).formatted(.iso8601)
        var members: [(String, JSON)] = [
            ("accountName", .string(listedAccount(of: index))), ("billingCycleEndDate", .string(created)),
            ("carrierInformations", .array([carrier])), ("connected", .bool(false)), ("createdAt", .string(created)),
        ]
        if !device.customFields.isEmpty {
            let fields = device.customFields.sorted { $0.key < $1.key }.map { key, value in
                JSON.object([("key", .string(key)), ("value", .string(value))])
            }
            members.append(("customFields", .array(fields)))
        }
        members += [("deviceIds", .array(ids)), ("extendedAttributes", .array(attributes(of: index, now: now)))]
        if !device.groupNames.isEmpty { members.append(("groupNames", .array(device.groupNames.map { .string($0) }))) }
        if index % 2 == 0 {
            members += [
                ("ipAddress", .string("11.11.11.12")), ("lastActivationBy", .string("Joe Q Public")),
                ("lastActivationDate", .string(created)), ("lastConnectionDate", .string(created)),
            ]
        }
        return .object(members)
    }

    private func attributes(of index: Int, now: Double) -> [JSON] {
        var attributes: [JSON] = [.object([("key", .string("PrimaryPlaceOfUseTitle"))])]
        if options.listsProfileStatusInV1 {
            attributes.append(
                .object([("key", .string("ProfileStatus")), ("value", .string(listedStatus(of: index, now: now)))]))
        }
        return attributes + [.object([("key", .string("DeviceId")), ("value", .string(String(number(of: index))))])]
    }
}
