import Testing

@testable import Reconciler

@Suite("Finding the device that a message means")
struct CallbackMatcherTests {
    private func identifiers(_ ids: [(String, String)]) throws -> DeviceIdentifiers {
        let list = ids.map { "{\"kind\":\"\($0.0)\",\"id\":\"\($0.1)\"}" }.joined(separator: ",")
        return DeviceIdentifiers(try JSONValue(json: Array("[\(list)]".utf8)))
    }

    private func candidate(
        _ eid: Int, _ iccid: Int, imei: String? = nil, open: Bool = false, underRequest: Bool = false
    ) throws -> MatchCandidate {
        MatchCandidate(
            key: DeviceKey(eid: try Fleets.eid(eid), iccid: try Fleets.iccid(iccid)), imei: imei.flatMap { IMEI($0) },
            hasOpenOperation: open, isUnderRequest: underRequest)
    }

    @Test("EID goes before ICCID, ICCID before IMEI, and the top of the message before what stands within")
    func precedence() throws {
        let byEID = try candidate(1, 11)
        let byICCID = try candidate(2, 12)
        let byIMEI = try candidate(3, 13, imei: "350000000000003")
        let all = [byEID, byICCID, byIMEI]
        let eid = ("Eid", try Fleets.eid(1).description)
        let iccid = ("Iccid", try Fleets.iccid(12).description)
        let imei = ("Imei", "350000000000003")
        let none = try identifiers([])
        #expect(
            CallbackMatcher.device(outer: try identifiers([imei, iccid, eid]), inner: none, among: all) == byEID.key)
        #expect(CallbackMatcher.device(outer: try identifiers([imei, iccid]), inner: none, among: all) == byICCID.key)
        #expect(CallbackMatcher.device(outer: try identifiers([imei]), inner: none, among: all) == byIMEI.key)
        #expect(
            CallbackMatcher.device(outer: try identifiers([imei]), inner: try identifiers([eid]), among: all)
                == byIMEI.key)
        #expect(CallbackMatcher.device(outer: none, inner: try identifiers([eid]), among: all) == byEID.key)
    }

    @Test("of several profiles on one eUICC the ICCID decides, then the request, then the operation in flight")
    func severalProfiles() throws {
        let eid = try identifiers([("eid", try Fleets.eid(1).description)])
        let both = try identifiers([
            ("eid", try Fleets.eid(1).description), ("iccid", try Fleets.iccid(12).description),
        ])
        let none = try identifiers([])
        let first = try candidate(1, 11, open: true)
        let second = try candidate(1, 12)
        #expect(CallbackMatcher.device(outer: both, inner: none, among: [first, second]) == second.key)
        #expect(CallbackMatcher.device(outer: eid, inner: none, among: [first, second]) == first.key)
        let requested = try candidate(1, 12, underRequest: true)
        #expect(CallbackMatcher.device(outer: eid, inner: none, among: [first, requested]) == requested.key)
        let idle = try candidate(1, 11)
        #expect(CallbackMatcher.device(outer: eid, inner: none, among: [idle, second]) == nil, "nothing decides")
    }

    @Test("a message that names no known device is told by its request, if that carried one device")
    func byRequest() throws {
        let unknown = try identifiers([("imei", "350000000000099")])
        let none = try identifiers([])
        let only = try candidate(1, 11, underRequest: true)
        #expect(CallbackMatcher.device(outer: unknown, inner: none, among: [], ofLoneRequest: only.key) == only.key)
        #expect(CallbackMatcher.device(outer: unknown, inner: none, among: []) == nil)
        let other = try candidate(2, 12)
        let named = try identifiers([("eid", try Fleets.eid(2).description)])
        #expect(
            CallbackMatcher.device(outer: named, inner: none, among: [only, other], ofLoneRequest: only.key)
                == other.key)
    }
}
