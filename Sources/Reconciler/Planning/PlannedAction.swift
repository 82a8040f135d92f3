/// One action of a plan, with what it was computed from.
public struct PlannedAction: Hashable, Sendable {
    public let key: DeviceKey
    public let imei: IMEI?
    public let action: ProfileAction
    public let account: AccountName
    public let smsr: SmsrOid
    public let desired: DesiredState
    /// What was known of the profile; `nil` if nobody has told yet.
    public let known: ProfileState?
    /// The version of the device's record, 0 if there was none.
    public let version: Int64
    /// The how-manieth try in a row it will be, from 1.
    public let attempt: Int
    /// Whether the known state moved away from the desired one after that had been reached.
    public let isDrift: Bool
    /// The number of its profile set in the fleet.
    let set: UInt16
    /// When what is known was proven; `nil` if nothing proves it.
    public let provenAt: Timestamp?
    /// Whether the device is looked up before it is acted upon.
    public let isUnverified: Bool

    init(
        key: DeviceKey, imei: IMEI? = nil, action: ProfileAction, account: AccountName, smsr: SmsrOid,
        desired: DesiredState, known: ProfileState?, version: Int64, attempt: Int = 1, isDrift: Bool = false,
        set: UInt16 = 0, provenAt: Timestamp? = nil, isUnverified: Bool? = nil
    ) {
        self.key = key
        self.imei = imei
        self.action = action
        self.account = account
        self.smsr = smsr
        self.desired = desired
        self.known = known
        self.version = version
        self.attempt = attempt
        self.isDrift = isDrift
        self.set = set
        self.provenAt = provenAt
        self.isUnverified = isUnverified ?? (known == nil)
    }

    /// From what is known to what is wanted, in words.
    public var change: String { "\(ProfileState.name(of: known)) -> \(desired.rawValue)" }
}
