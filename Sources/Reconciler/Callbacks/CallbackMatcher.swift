/// A device that a message may be about.
struct MatchCandidate: Hashable, Sendable {
    let key: DeviceKey
    let imei: IMEI?
    let hasOpenOperation: Bool
    /// Whether the request that the message names carried it.
    let isUnderRequest: Bool
}

/// Finds the device that a message is about: by EID, then ICCID, then IMEI, then requestId; what stands at the top
/// of the message before what stands within it, because the carrier's own sample contradicts itself there
/// (`thingspace.md`, section 8.4).
enum CallbackMatcher {
    /// - Parameters:
    ///   - candidates: every device that one of the identifiers fits.
    ///   - loneKey: the device of the request that the message names, if that carried one device only.
    /// - Returns: the device, or `nil` if there is none or more than one that fits equally.
    static func device(
        meantBy message: CallbackMessage, among candidates: [MatchCandidate], ofLoneRequest loneKey: DeviceKey?
    ) -> DeviceKey? {
        device(
            outer: message.outerIdentifiers, inner: message.innerIdentifiers, among: candidates,
            ofLoneRequest: loneKey)
    }

    static func device(
        outer: DeviceIdentifiers, inner: DeviceIdentifiers, among candidates: [MatchCandidate],
        ofLoneRequest loneKey: DeviceKey? = nil
    ) -> DeviceKey? {
        let iccids = Set(outer.iccids + inner.iccids)
        for identifiers in [outer, inner] {
            let tests: [(MatchCandidate) -> Bool] = [
                { identifiers.eids.contains($0.key.eid) },
                { identifiers.iccids.contains($0.key.iccid) },
                { candidate in candidate.imei.map { identifiers.imeis.contains($0) } ?? false },
            ]
            for test in tests {
                let found = candidates.filter(test)
                if !found.isEmpty { return theOne(of: found, iccids: iccids) }
            }
        }
        return loneKey
    }

    /// Several profiles of one eUICC: the ICCID decides, then an operation in flight, then the request.
    private static func theOne(of found: [MatchCandidate], iccids: Set<ICCID>) -> DeviceKey? {
        if found.count == 1 { return found[0].key }
        let byICCID = found.filter { iccids.contains($0.key.iccid) }
        if byICCID.count == 1 { return byICCID[0].key }
        let underRequest = found.filter(\.isUnderRequest)
        if underRequest.count == 1 { return underRequest[0].key }
        let open = found.filter(\.hasOpenOperation)
        return open.count == 1 ? open[0].key : nil
    }
}
