/// That people have been told of a condition which may still last: kept, so that neither another start nor another
/// process tells it again.
public struct ToldNotice: Hashable, Sendable {
    public let kind: String
    /// What it is about.
    public let subject: String
    /// What was the matter with it, in words that stay the same for as long as the same is the matter.
    public let condition: String
    public let devices: Int
    public let at: Timestamp
    /// The manifests of the controller that has told it; `nil` if that was not kept.
    public let origin: String?

    public init(
        kind: String, subject: String, condition: String, devices: Int, at: Timestamp, origin: String? = nil
    ) {
        self.origin = origin
        self.kind = kind
        self.subject = subject
        self.condition = condition
        self.devices = devices
        self.at = at
    }
}
