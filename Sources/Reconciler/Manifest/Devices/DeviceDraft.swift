/// One device as it is written, decoded value by value.
struct DeviceDraft {
    var eid: EID?
    var iccid: ICCID?
    var imei: IMEI?
    var state: DesiredState?
    var account: AccountName?
    var smsr: SmsrOid?
    var labels: [String: String] = [:]
    /// Whether something of it was complained of.
    var isFaulty = false
    let path: ValuePath
    /// Where the device begins, and where its EID and its ICCID stand.
    let mark: YAMLMark
    var eidMark: YAMLMark
    var iccidMark: YAMLMark

    init(path: ValuePath, mark: YAMLMark) {
        self.path = path
        self.mark = mark
        eidMark = mark
        iccidMark = mark
    }
}
