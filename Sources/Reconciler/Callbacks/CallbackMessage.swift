/// One message of the carrier's about one device, or the answer to a device list.
///
/// Unknown members are kept and not minded. Source: `thingspace.md`, sections 2.6 and 5.4.
public struct CallbackMessage: Sendable {
    public let requestID: RequestID?
    /// The identifiers at the top of the message.
    let outerIdentifiers: DeviceIdentifiers
    /// The identifiers within `deviceProfileResponse`; the carrier's own sample shows others than at the top.
    let innerIdentifiers: DeviceIdentifiers
    public let reading: CallbackReading
    /// The state of the line, if the message tells it in a documented word.
    public let serviceState: ServiceState?
    /// Whether it holds rows of a device list.
    let holdsDeviceList: Bool
    /// Whether it says of a device list that more of it follows.
    let isPartOfDeviceList: Bool

    /// - Parameter json: the body as it came or as it was kept.
    /// - Throws: `UnreadableCallback` if it is not a JSON object.
    public init(json: [UInt8]) throws(UnreadableCallback) {
        let value = try JSONValue(callback: json)
        requestID = value["requestId"]?.identifier.map { RequestID($0) }
        outerIdentifiers = DeviceIdentifiers(value["deviceIds"] ?? value["device"])
        let response = value.profileResponse
        var inner = DeviceIdentifiers(response?["deviceIdentifierCollection"] ?? response?["deviceIds"])
        // What the response names beside its collection counts as well.
        if let response { inner.add(DeviceIdentifiers(response)) }
        innerIdentifiers = inner
        if let name = value.contradictoryMember {
            reading = .unclear("it holds the member \(name.excerpt(limit: 40)) twice, with different values")
        } else {
            reading = CallbackReading(message: value)
        }
        serviceState = response?["state"]?.word.flatMap { ServiceState(documentedWord: $0) }
        holdsDeviceList = DeviceListRow.isAny(in: value)
        isPartOfDeviceList = (value["hasMoreData"] ?? value["deviceResponse"]?["hasMoreData"])?.bool == true
    }

    /// Whether it may be the answer to a device list that names nothing.
    var namesNoDevice: Bool { outerIdentifiers.isEmpty && innerIdentifiers.isEmpty }
}

extension JSONValue {
    /// A member of the objects that a message is read from whose name comes twice with different values: which of them
    /// counts is decided by each reader for itself (RFC 8259, section 4).
    fileprivate var contradictoryMember: String? {
        let response = self["deviceResponse"]
        let objects = [self, response, response?["deviceProfileResponse"], self["faultResponse"]]
        for object in objects.compactMap({ $0 }) {
            if let name = object.contradictoryMemberOfItself { return name }
        }
        return nil
    }

    private var contradictoryMemberOfItself: String? {
        var values: [String: [UInt8]] = [:]
        for (name, value) in members {
            guard let text = name.string else { continue }
            let bytes = value.tape.withBytes(of: value.index) { Array($0) }
            guard let former = values.updateValue(bytes, forKey: text.foldedForComparison), former != bytes else {
                continue
            }
            return text
        }
        return nil
    }
}
