/// What a carrier that behaves badly has to keep in mind for it.
struct BehaviorMemory: Sendable {
    /// How often something has shown, by its name and what it showed at.
    var occurrences: [String: Int] = [:]
    /// v2 lists of each account that were accepted.
    var lists: [String: Int] = [:]
    /// Lists that each device was to be in.
    var listings: [Int: Int] = [:]
    /// Until when the lists say of a device that it is in transition.
    var transitionEnds: [Int: Double] = [:]
    /// The request under which the success of a later `enable` comes.
    var firstRequests: [Int: FirstRequest] = [:]
    /// Changes that people have made.
    var changesByPeople = 0

    struct FirstRequest: Sendable {
        let requestID: String
        let action: ProfileActionName
    }
}

/// Whether, how often and to whom the carrier behaves badly.
extension CarrierModel {
    func behaves(_ behavior: CarrierBehavior) -> Bool { options.carrierFaults.contains(behavior) }

    /// The first of these that the carrier shows.
    func behavior(among behaviors: [CarrierBehavior]) -> CarrierBehavior? { behaviors.first(where: behaves) }

    /// Whether the carrier shows this to this device.
    func behaves(_ behavior: CarrierBehavior, to index: Int) -> Bool {
        behaves(behavior)
            && (options.carrierFaultSettings.share >= 1
                || chance.share("behavior", behavior.rawValue, devices[index].iccid)
                    < options.carrierFaultSettings.share)
    }

    mutating func count(_ behavior: CarrierBehavior) { counts.behaviors[behavior.rawValue, default: 0] += 1 }

    /// Counts one more occurrence, unless there were `limit` of them.
    /// - Returns: whether there is one more.
    mutating func occurs(_ behavior: CarrierBehavior, at subject: String, limit: Int) -> Bool {
        let key = "\(behavior.rawValue) \(subject)"
        guard memory.occurrences[key, default: 0] < limit else { return false }
        memory.occurrences[key, default: 0] += 1
        count(behavior)
        return true
    }

    /// Whether there were fewer occurrences than `limit`.
    func canOccur(_ behavior: CarrierBehavior, at subject: String, limit: Int) -> Bool {
        memory.occurrences["\(behavior.rawValue) \(subject)", default: 0] < limit
    }

    /// One of these words, by chance.
    func word(_ words: [String], _ purpose: String, _ subject: String) -> String {
        words[min(words.count - 1, Int(chance.share(purpose, subject) * Double(words.count)))]
    }
}
