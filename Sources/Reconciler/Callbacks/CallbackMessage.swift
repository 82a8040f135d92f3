import Crypto

/// One message of the carrier's about one device, or the answer to a device list.
///
/// Unknown members are kept and not minded. Source: `thingspace.md`, sections 2.6 and 5.4.
public struct CallbackMessage: Sendable {
    public let requestID: RequestID?
    let credentials: MessageCredentials
    /// The identifiers at the top of the message.
    let outerIdentifiers: DeviceIdentifiers
    /// The identifiers within `deviceProfileResponse`; the carrier's own sample shows others than at the top.
    let innerIdentifiers: DeviceIdentifiers
    public let reading: CallbackReading
    /// The state of the line, if the message tells it.
    public let serviceState: ServiceState?
    /// The rows, if it answers a device list.
    let deviceListRows: [DeviceListRow]
    /// The message as JSON without user name and password.
    public let redactedText: String
    /// The same for all deliveries of one message: a SHA-256 of it without `callbackCount` and the credentials.
    public let digest: [UInt8]

    /// - Parameter json: the body as it came.
    /// - Throws: `UnreadableCallback` if it is not a JSON object.
    public init(json: [UInt8]) throws(UnreadableCallback) {
        let value: JSONValue
        do {
            value = try JSONValue(json: json)
        } catch {
            throw UnreadableCallback(reason: error.reason)
        }
        guard case .object = value else { throw UnreadableCallback(reason: "not a JSON object") }
        requestID = value["requestId"]?.text.map { RequestID($0) }
        credentials = MessageCredentials(
            username: value["username"]?.text ?? "", password: value["password"]?.text ?? "")
        outerIdentifiers = DeviceIdentifiers(value["deviceIds"] ?? value["device"])
        let response = value["deviceResponse"]?["deviceProfileResponse"] ?? value["deviceResponse"]
        innerIdentifiers = DeviceIdentifiers(response?["deviceIdentifierCollection"] ?? response?["deviceIds"])
        reading = CallbackReading(message: value)
        serviceState = response?["state"]?.text.map { ServiceState(carrierWord: $0) }
        deviceListRows = DeviceListRow.rows(in: value)
        let redacted = value.removing(["username", "password"])
        redactedText = redacted.canonicalText
        digest = Array(SHA256.hash(data: Array(redacted.removing(["callbackcount"]).canonicalText.utf8)))
    }
}

/// A body that is no callback.
public struct UnreadableCallback: Error, Hashable, Sendable {
    public let reason: String
}
