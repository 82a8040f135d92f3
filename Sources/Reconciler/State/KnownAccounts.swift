/// The billing accounts of all known devices, in the order of the devices' keys: kept apart from `KnownFleet`, because
/// a plan takes the account from the YAML.
public struct KnownAccounts: Sendable {
    public internal(set) var names: [AccountName] = []
    /// For each device, into `names`.
    var numbers: ContiguousArray<UInt16> = []

    public init() {}
}
