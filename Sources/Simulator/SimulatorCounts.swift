/// What the simulator has counted.
public struct SimulatorCounts: Codable, Hashable, Sendable {
    /// Accepted requests for each action.
    public internal(set) var acceptedRequests: [String: Int] = [:]
    /// Devices in accepted requests for each action.
    public internal(set) var acceptedDevices: [String: Int] = [:]
    /// Requests that were refused.
    public internal(set) var refusedRequests = 0
    /// Accepted downloads of a profile that was there already, or whose download was still under way.
    public internal(set) var repeatedDownloads = 0
    public internal(set) var mostDownloadsOfOneDevice = 0
    public internal(set) var tokensIssued = 0
    public internal(set) var logins = 0
    public internal(set) var refusedLogins = 0
    public internal(set) var throttledRequests = 0
    /// Calls that met a fault, by its name.
    public internal(set) var faults: [String: Int] = [:]
    /// How often the carrier behaved badly as a whole, by the name of it.
    public internal(set) var behaviors: [String: Int] = [:]
    public internal(set) var callbacksSent = 0
    public internal(set) var callbacksAcknowledged = 0
    public internal(set) var callbacksDropped = 0
    /// Answers to device lists that were never sent.
    public internal(set) var listsDropped = 0
    public internal(set) var callbacksLate = 0
    public internal(set) var callbacksWithWrongCredentials = 0
    public internal(set) var callbacksUnderOtherRequests = 0
    /// Messages that named their device by its IMEI, without the ICCID.
    public internal(set) var callbacksByIMEI = 0
    /// Messages that were never acknowledged, or for which nobody was registered.
    public internal(set) var callbacksGivenUp = 0
}
