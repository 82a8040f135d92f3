/// What one list said of the state of a profile.
struct StatusTelling: Hashable, Sendable {
    let state: ProfileState
    /// The carrier's word: the row's own, or the filter that the list was asked for with.
    let word: String
    let source: ObservationSource
    /// When the list was asked for.
    let asOf: Timestamp
    /// The request for the list, if it was a v2 list.
    var request: RequestNumber?
}

/// What the carrier's lists say of one device together.
struct DeviceSighting: Hashable, Sendable {
    var imei: IMEI?
    var service: ServiceState?
    var tellings: [StatusTelling] = []
    /// When the latest of the lists that name it was asked for.
    var asOf: Timestamp
    var description: CarrierDescription?
    /// Why a row does not tell the state although it names one.
    var unclear: String?

    /// Whether rows name it under several states, so that none of them is known.
    var isContradictory: Bool { toldStates.count > 1 }
    /// The states that were told, but for those that say nothing.
    var toldStates: Set<ProfileState> { Set(tellings.map(\.state)).subtracting([.unknown]) }
}

/// What the carrier's records hold of a device beside its state, for those who write it down as YAML.
struct CarrierDescription: Hashable, Sendable {
    var smsr: SmsrOid?
    var groups: [String] = []
    var customFields: [String: String] = [:]

    mutating func add(_ other: CarrierDescription) {
        smsr = smsr ?? other.smsr
        if groups.isEmpty { groups = other.groups }
        customFields.merge(other.customFields) { first, _ in first }
    }
}

/// What lists prove of a device that they do not tell everything about.
struct ListProof: Hashable, Sendable {
    /// Whether every list that was asked for was read to its end: who is in none is not on the account.
    var isWhole: Bool
    /// Whether the lists were asked for each profile status: a device under none of them has one that nobody knows.
    var tellsEveryStatus: Bool
    /// When the first of the lists was asked for.
    var asOf: Timestamp
}
