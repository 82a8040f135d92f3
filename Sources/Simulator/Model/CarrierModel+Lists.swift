/// What the v2 device list was asked for.
struct DeviceListFilter: Sendable {
    var ids: [(kind: String, id: String)]?
    var profileStatus: String?
    var provisioningStatus: String?
}

/// Reading the state: the synchronous v1 list and the asynchronous v2 list. Source: `thingspace.md`, section 4.
extension CarrierModel {
    static let pageSize = 2000
    static let largestDeviceFilter = 50

    /// v1: 200 when complete, 202 when there is more; the cursor is the last row's `DeviceId` attribute.
    func listDevices(_ body: [String: Any]?) -> Answer {
        guard let body else { return .error("DeserializationFailed", "The request cannot be read.") }
        var selected = Array(devices.indices)
        if let account = body["accountName"] as? String {
            guard accounts.contains(account) else {
                return .error("REQUEST_FAILED.AccountNotFound", "The account does not exist.")
            }
            selected = selected.filter { devices[$0].accountName == account }
        }
        if let id = body["deviceId"] as? [String: Any] {
            let found = indices(kind: id["kind"] as? String ?? "", id: id["id"] as? String ?? "")
            guard !found.isEmpty else { return .error("REQUEST_FAILED.DeviceNotFound", "The device was not found.") }
            selected = selected.filter { found.contains($0) }
        }
        if let state = body["currentState"] as? String {
            selected = selected.filter { devices[$0].state.lowercased() == state.lowercased() }
        }
        let cursor = (body["largestDeviceIdSeen"] as? Int) ?? Int(body["largestDeviceIdSeen"] as? String ?? "") ?? 0
        let size = min(Self.pageSize, max(1, body["maxNumberOfDevices"] as? Int ?? Self.pageSize))
        let rest = selected.filter { $0 + 1 > cursor }
        let hasMore = rest.count > size
        return .ok(
            .object([
                ("hasMoreData", .bool(hasMore)), ("devices", .array(rest.prefix(size).map { row($0) })),
            ]), status: hasMore ? 202 : 200)
    }

    private func row(_ index: Int) -> JSON {
        let device = devices[index]
        var ids: [JSON] = [
            .object([("id", .string(device.iccid)), ("kind", .string("iccId"))]),
            .object([("id", .string(device.eid)), ("kind", .string("eid"))]),
        ]
        if let imei = device.imei { ids.append(.object([("id", .string(imei)), ("kind", .string("imei"))])) }
        return .object([
            ("accountName", .string(device.accountName)), ("connected", .bool(false)),
            (
                "carrierInformations",
                .array([
                    .object([
                        ("carrierName", .string("Verizon Wireless")), ("servicePlan", .string("sp4g")),
                        ("state", .string(device.state.lowercased())),
                    ])
                ])
            ), ("deviceIds", .array(ids)),
            (
                "extendedAttributes",
                .array([
                    .object([("key", .string("DeviceId")), ("value", .string(String(index + 1)))])
                ])
            ),
        ])
    }

    /// v2: only a requestId; the list comes as a callback.
    mutating func requestDeviceList(_ body: [String: Any]?, now: Double) -> (Answer, [Job]) {
        guard let body else { return (.error("DeserializationFailed", "The request cannot be read."), []) }
        guard let account = body["accountName"] as? String, !account.isEmpty else {
            return (.error("INPUT_INVALID.Account.NotDefined", "accountName is required."), [])
        }
        guard accounts.contains(account) else {
            return (.error("REQUEST_FAILED.AccountNotFound", "The account does not exist."), [])
        }
        var filter = DeviceListFilter()
        filter.profileStatus = body["profileStatusFilter"] as? String
        filter.provisioningStatus = body["provisioningStatusFilter"] as? String
        if let list = body["deviceFilter"] as? [[String: Any]] {
            guard list.count <= Self.largestDeviceFilter else {
                return (.error("INPUT_INVALID.NumberofDevices", "At most 50 devices can be in deviceFilter."), [])
            }
            var ids: [(kind: String, id: String)] = []
            for element in list {
                guard let kind = element["kind"] as? String, let id = element["id"] as? String,
                    ["imei", "iccid", "mdn", "eid"].contains(kind.lowercased())
                else {
                    return (.error("INPUT_INVALID.Device.Kind.Invalid", "A deviceFilter needs a kind and an id."), [])
                }
                ids.append((kind, id))
            }
            filter.ids = ids
        }
        let requestID = nextGUID()
        counts.acceptedRequests["device_list", default: 0] += 1
        let job = Job(
            kind: .deviceList(account: account, filter: filter), requestID: requestID,
            due: now + options.callbackDelay.lowerBound)
        return (.ok(.object([("requestId", .string(requestID))])), [job])
    }
}
