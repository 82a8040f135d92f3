/// What names a device: one profile (ICCID) on one eUICC (EID). Ordered by EID, then ICCID.
public struct DeviceKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var eid: EID
    public var iccid: ICCID

    public init(eid: EID, iccid: ICCID) {
        self.eid = eid
        self.iccid = iccid
    }

    public var description: String { "\(eid)/\(iccid)" }

    public static func < (left: Self, right: Self) -> Bool {
        left.eid == right.eid ? left.iccid < right.iccid : left.eid < right.eid
    }
}
