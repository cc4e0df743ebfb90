import { describe, expect, it } from "vitest";
import { parseEmail } from "../../../../src/msnp/address.ts";
import {
  answerInvitation,
  createCircle,
  createMember,
  findContactsPaged,
  inviteMember,
  leaveCircle,
  parseCircleMembers,
  parseCircles,
} from "../../../../src/msnp/soap/circles.ts";
import { SoapError } from "../../../../src/msnp/soap/service.ts";
import { parseXml } from "../../../../src/msnp/soap/xml.ts";

const ID = "00000000-0000-0000-0009-0123456789ab";

function circle(id: string, role: string, state?: string): string {
  return `<CircleInverseInfo><Content><Handle><Id>${id}</Id></Handle><Info><DisplayName>Band</DisplayName></Info></Content><PersonalInfo><MembershipInfo><CirclePersonalMembership><Role>${role}</Role>${state === undefined ? "" : `<State>${state}</State>`}</CirclePersonalMembership></MembershipInfo></PersonalInfo></CircleInverseInfo>`;
}

function contact(id: string, passport: string, network: string, type = "Circle"): string {
  return `<Contact><contactId>${id}</contactId><contactInfo><contactType>${type}</contactType><passportName>${passport}</passportName><NetworkInfoList><NetworkInfo>${network}</NetworkInfo></NetworkInfoList></contactInfo></Contact>`;
}

describe("circles of the own address book (source: msnp-chat §6.2)", () => {
  it("are read with role, state, the contact that stands for them, and the ticket unescaped", () => {
    const response = parseXml(
      `<ABFindContactsPagedResult><Contacts>${contact("hidden-1", `${ID.toUpperCase()}@hotmail.com`, "<InviterEmail>bob@example.com</InviterEmail><InviterMessage>come</InviterMessage>")}</Contacts><CircleResult><Circles>${circle(ID, "StatePendingOutbound", "WaitingResponse")}</Circles><CircleTicket>&lt;SignedTicket ver="1"/&gt;</CircleTicket></CircleResult></ABFindContactsPagedResult>`,
    );
    expect(parseCircles(response)).toEqual({
      ticket: '<SignedTicket ver="1"/>',
      circles: [
        {
          id: ID,
          name: "Band",
          role: "invited",
          state: "invited",
          contactId: "hidden-1",
          inviter: "bob@example.com",
          invitation: "come",
        },
      ],
    });
  });

  it.each([
    ["Admin", "Accepted", "admin", "accepted"],
    ["Member", undefined, "member", "accepted"],
    ["3", "4", "member", "rejected"],
    ["4", undefined, "invited", "invited"],
    ["AssistantAdmin", "Left", "assistant", "left"],
    ["nonsense", "nonsense", "none", "none"],
  ])("role %s and state %s are %s and %s", (role, state, wantedRole, wantedState) => {
    const { circles } = parseCircles(
      parseXml(`<ABFindContactsPagedResult><Circles>${circle(ID, role, state)}</Circles></ABFindContactsPagedResult>`),
    );
    expect(circles[0]).toMatchObject({ role: wantedRole, state: wantedState, contactId: ID });
  });

  it("are none where there are none, or what is listed has no id", () => {
    expect(parseCircles(parseXml("<ABFindContactsPagedResult><Ab/></ABFindContactsPagedResult>"))).toEqual({
      circles: [],
      ticket: "",
    });
    expect(
      parseCircles(
        parseXml(`<ABFindContactsPagedResult><Circles>${circle("x", "Admin")}</Circles></ABFindContactsPagedResult>`),
      ).circles,
    ).toEqual([]);
  });

  it.each(["<R/>", "<R><ABFindContactsPagedResult/></R>"])("are not none where an answer is none: %s", (text) => {
    expect(() => parseCircles(parseXml(text))).toThrow(SoapError);
    expect(() => parseCircleMembers(parseXml(text))).toThrow(SoapError);
  });

  it("have members, but for their own entry and those who were taken out", () => {
    const gone = contact("2", "carol@example.com", "").replace(
      "</contactInfo>",
      "</contactInfo><fDeleted>true</fDeleted>",
    );
    const response = parseXml(
      `<ABFindContactsPagedResult><Contacts>${contact("1", "Bob@example.com", "<RelationshipRole>1</RelationshipRole><RelationshipState>3</RelationshipState>", "Live")}${gone}${contact(ID, `${ID}@live.com`, "", "Me")}</Contacts></ABFindContactsPagedResult>`,
    );
    expect(parseCircleMembers(response)).toEqual([
      { contactId: "1", email: "bob@example.com", name: "bob@example.com", role: "admin", state: "accepted" },
    ]);
  });

  it("who were asked are told apart from those who left by the kind of their contact", () => {
    const left = "<RelationshipRole>3</RelationshipRole><RelationshipState>2</RelationshipState>";
    const response = parseXml(
      `<ABFindContactsPagedResult><Contacts>${contact("1", "bob@example.com", left, "LivePending")}${contact("2", "carol@example.com", left, "Live")}</Contacts></ABFindContactsPagedResult>`,
    );
    expect(parseCircleMembers(response).map(({ state }) => state)).toEqual(["invited", "left"]);
  });
});

describe("what is asked of the services (source: msnp-chat §5.3, §5.4, §6.3)", () => {
  const HANDLE = `<abHandle><ABId>${ID}</ABId><Puid>0</Puid><Cid>0</Cid></abHandle>`;
  const OWN = "<abHandle><ABId>00000000-0000-0000-0000-000000000000</ABId><Puid>0</Puid><Cid>0</Cid></abHandle>";

  it("making a circle", () => {
    expect(createCircle("Band", "Bob").source).toBe(
      "<properties><Domain>1</Domain><HostedDomain>live.com</HostedDomain><Type>2</Type><MembershipAccess>0</MembershipAccess><IsPresenceEnabled>true</IsPresenceEnabled><RequestMembershipOption>2</RequestMembershipOption><DisplayName>Band</DisplayName></properties><callerInfo><PublicDisplayName>Bob</PublicDisplayName></callerInfo>",
    );
  });

  it("reading it", () => {
    expect(findContactsPaged(ID).source).toContain(
      `<extendedContent>AB AllGroups CircleResult</extendedContent>${HANDLE}`,
    );
    expect(findContactsPaged().source).toContain(OWN);
  });

  it("inviting, in two parts; the elements stand in the schema's order", () => {
    expect(createMember(ID, parseEmail("a@b.c")).source).toBe(
      `${HANDLE}<contactHandle><Email>a@b.c</Email><Puid>0</Puid><Cid>0</Cid><CircleId>00000000-0000-0000-0000-000000000000</CircleId></contactHandle>`,
    );
    expect(inviteMember(ID, "u-1", "come & see").source).toBe(
      `${HANDLE}<contactId>u-1</contactId><connection>true</connection><presence>false</presence><action>1</action><relationshipType>5</relationshipType><relationshipRole>3</relationshipRole><annotations><Annotation><Name>MSN.IM.InviteMessage</Name><Value>come &amp; see</Value></Annotation></annotations>`,
    );
    expect(inviteMember(ID, "u-1", "").source).not.toContain("annotations");
  });

  it("answering and leaving", () => {
    expect(answerInvitation("c-1", true).source).toContain(
      `${OWN}<contactId>c-1</contactId><connection>true</connection>`,
    );
    expect(answerInvitation("c-1", true).source).toContain("<action>1</action>");
    expect(answerInvitation("c-1", false).source).toContain("<action>2</action>");
    expect(leaveCircle(ID, "u-1").source).toBe(
      `${HANDLE}<contactId>u-1</contactId><blockContact>false</blockContact><deleteContact>true</deleteContact>`,
    );
  });
});
