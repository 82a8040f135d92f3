/// What the v2 device list was asked for.
struct DeviceListFilter: Sendable {
    var ids: [(kind: String, id: String)]?
    var profileStatus: String?
    var provisioningStatus: String?
}

/// The asynchronous v2 list. Source: `thingspace.md`, section 4.2.
extension CarrierModel {
    static let largestDeviceFilter = 50

    /// What lists tell of a profile: while the carrier's records are out of order, the same of each.
    func listedStatus(of index: Int, now: Double) -> String {
        if let falseStatus { return falseStatus }
        if behaves(.statusInTransition, to: index), now < memory.transitionEnds[index] ?? -.infinity {
            return "UPDATING"
        }
        guard behaves(.statusUnknownWord, to: index) else { return devices[index].profileStatus }
        return word(Self.unknownProfileWords, "listed word", devices[index].iccid)
    }

    /// v2: only a requestId; the list comes as a callback.
    mutating func requestDeviceList(_ body: [String: Any]?, now: Double) -> (Answer, [Job]) {
        if let refusal = refusalOfLists() { return (refusal, []) }
        guard let body else { return (.error("DeserializationFailed", "The request cannot be read."), []) }
        guard let account = body["accountName"] as? String, !account.isEmpty else {
            return (.error("INPUT_INVALID.Account.NotDefined", "accountName is required."), [])
        }
        guard accounts.contains(account) else {
            return (.error("REQUEST_FAILED.AccountNotFound", "The account does not exist."), [])
        }
        guard options.offersListV2, !behaves(.v2ListUnavailable) else {
            return (.error("REQUEST_FAILED.FeatureNotAvailable", "The account has no access to this list."), [])
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
        requests[requestID] = RequestRecord(account: account)
        let job = Job(
            kind: .deviceList(account: account, filter: filter), requestID: requestID,
            due: now + options.callbackDelay.lowerBound)
        var members: [(String, JSON)] = [("requestId", .string(requestID))]
        if behaves(.listsNullError) { members.append(("errorCode", .string(""))) }
        return (.ok(.object(members)), [job])
    }
}
