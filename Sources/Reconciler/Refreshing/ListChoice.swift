/// Which of the carrier's lists are read; an account need not offer both. Source: `thingspace.md`, section 4.
public struct ListChoice: Hashable, Sendable {
    /// The synchronous list: existence, state of the line, ICCID; the profile status only if it is there.
    public var v1: Bool
    /// The list that answers by callback and can be filtered by profile status.
    public var v2: Bool

    public init(v1: Bool = true, v2: Bool = true) {
        self.v1 = v1
        self.v2 = v2
    }
}
