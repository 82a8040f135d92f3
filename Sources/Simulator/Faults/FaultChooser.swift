/// Decides which calls meet which fault.
///
/// A call is told by the devices it is about and by how many there were before it, so that the same seed gives each
/// device the same faults whatever the order of calls.
struct FaultChooser: Sendable {
    private var calls: [String: Int] = [:]
    private var faults: [String: Int] = [:]
    private var burstEndsAt = -Double.infinity

    /// A fault and the chance that decides its details.
    struct Choice: Sendable {
        let fault: CarrierFault
        let share: Double
    }

    mutating func choose(
        for endpoint: Endpoint, _ call: Call, _ chance: SeededChance, _ options: SimulatorOptions, now: Double
    ) -> Choice? {
        guard options.faultRate > 0, !options.faults.isEmpty, endpoint.meetsFaults else { return nil }
        if now < burstEndsAt { return Choice(fault: .tooMany, share: 0) }
        let iccids = call.iccids
        let subject = "\(call.path) \(iccids.min() ?? "")"
        calls[subject, default: 0] += 1
        let occasion = "\(subject) \(calls[subject, default: 0])"
        guard chance.share("call-fault", occasion) < options.faultRate,
            iccids.allSatisfy({ faults["\(call.path) \($0)", default: 0] < options.faultsPerDevice })
        else { return nil }
        for iccid in iccids { faults["\(call.path) \(iccid)", default: 0] += 1 }
        let number = Int(chance.share("call-fault-kind", occasion) * Double(options.faults.count))
        let fault = options.faults[number]
        if fault == .tooMany { burstEndsAt = now + options.throttleBurst }
        return Choice(fault: fault, share: chance.share("call-fault-detail", occasion))
    }
}

extension Endpoint {
    /// Whether its calls can meet a fault: those whose outcome the client has to make sure of.
    fileprivate var meetsFaults: Bool {
        switch self {
        case .action, .deviceListV1, .deviceListV2: true
        case .token, .login, .logout, .callbacks, .callback, .requestStatus, .counts, .devices, .setDevice, .drift,
            .lists, .people:
            false
        }
    }
}

extension Call {
    /// The ICCIDs that the body names, of an action or of a device list.
    fileprivate var iccids: Set<String> {
        guard let json else { return [] }
        let devices = json["devices"] as? [[String: Any]] ?? []
        let named = devices.flatMap { $0["deviceIds"] as? [[String: Any]] ?? [] }
        let filtered = json["deviceFilter"] as? [[String: Any]] ?? []
        return Set(
            (named + filtered).compactMap { id in
                (id["kind"] as? String)?.lowercased() == "iccid" ? id["id"] as? String : nil
            })
    }
}
