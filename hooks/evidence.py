"""Every source that a card may cite, once, with its identifier and how it was verified.

`seen` is "R" where the paper, table or label was read (often the abstract only), "S" where it was
seen only quoted elsewhere, "M" where it is unverified. Only what was read may stand as a card's
source.
"""

from __future__ import annotations

import re

from cds_service.rule import Evidence

_RESOLVERS = (
    (r"DOI (10\.\S+)", "https://doi.org/{}"),
    (r"PMID (\d+)", "https://pubmed.ncbi.nlm.nih.gov/{}/"),
    (r"(PMC\d+)", "https://pmc.ncbi.nlm.nih.gov/articles/{}/"),
    (r"(NCT\d+)", "https://clinicaltrials.gov/study/{}"),
)
"""Identifier to the address of the registry that resolves it."""


def _source(
    key: str, citation: str, identifier: str, seen: str, *, primary: bool = True
) -> Evidence:
    return Evidence(key, citation, identifier, _url(identifier), seen, primary)


def _url(identifier: str) -> str | None:
    """A link only for an identifier that was verified."""
    if "unverified" in identifier:
        return None
    for pattern, address in _RESOLVERS:
        found = re.search(pattern, identifier)
        if found:
            return address.format(found.group(1).rstrip(".,;"))
    return None


OBEROI14 = _source(
    "OBEROI14",
    "Oberoi S et al. Leukapheresis and low-dose chemotherapy do not reduce early "
    "mortality in AML hyperleukocytosis: systematic review and meta-analysis. Leuk "
    "Res 2014;38:460-8",
    "PMID 24472688; DOI 10.1016/j.leukres.2014.01.004",
    "R",
)
BEWERS20 = _source(
    "BEWERS20",
    "Bewersdorf JP et al. Leukapheresis for hyperleukocytosis in AML: systematic "
    "review and meta-analysis. Transfusion 2020",
    "PMID 32776542; DOI 10.1111/trf.15994",
    "R",
)
STAHL20 = _source(
    "STAHL20",
    "Stahl M, Shallis RM et al. Management of hyperleukocytosis and impact of "
    "leukapheresis in AML. Leukemia 2020;34:3149-60",
    "PMID 32132655; DOI 10.1038/s41375-020-0783-3",
    "R",
)
SHALLIS20 = _source(
    "SHALLIS20",
    "Shallis RM et al. Patterns of care in AML with hyperleukocytosis not receiving "
    "intensive chemotherapy. Leuk Lymphoma 2020;61:1220-5",
    "PMID 32100599; DOI 10.1080/10428194.2020.1728753",
    "R",
)
ROLLIG15 = _source(
    "ROLLIG15",
    "Rollig C, Ehninger G. How I treat hyperleukocytosis in AML. Blood 2015;125:3246-52",
    "Blood 125(21):3246",
    "R",
)
NAN17 = _source(
    "NAN17",
    "Nan X et al. Leukapheresis reduces 4-week mortality in AML with "
    "hyperleukocytosis (26 v 26 matched). Leuk Lymphoma 2017",
    "no id seen",
    "R",
)
NGUYEN16 = _source(
    "NGUYEN16",
    "Nguyen R et al. Role of leukapheresis in newly diagnosed childhood ALL with "
    "hyperleukocytosis. Pediatr Blood Cancer 2016;63:1546-51",
    "no id seen",
    "R",
)
ZELLER24 = _source(
    "ZELLER24",
    "Zeller B et al. Hyperleukocytosis in pediatric AML, immediate chemotherapy "
    "without leukapheresis (NOPHO-DBH AML 2012). Haematologica 2024",
    "DOI 10.3324/haematol.2024.285285",
    "R",
)
HARRIS78 = _source(
    "HARRIS78",
    "Harris AL. Leukostasis associated with blood transfusion in acute myeloid "
    "leukaemia. BMJ 1978;1:1169",
    "BMJ 1978;1:1169",
    "R",
)
BERTOLI18 = _source(
    "BERTOLI18",
    "Bertoli S et al. Dexamethasone in hyperleukocytic AML. Haematologica 2018;103(6)",
    "DOI 10.3324/haematol.2017.184267",
    "R",
)
ASHED14 = _source(
    "ASHED14",
    "Leukocytapheresis for hyperleukocytosis secondary to acute leukemia. Hematology "
    "ASH Educ Program 2014;457",
    "Hematology 2014(1):457",
    "R",
)
ASFA19 = _source(
    "ASFA19",
    "American Society for Apheresis guideline, 8th special issue. J Clin Apher "
    "2019;34:171 (9th issue 2023 not located)",
    "J Clin Apher 2019;34:171",
    "S",
)
ELNAPL19 = _source(
    "ELNAPL19",
    "Sanz MA et al. Management of APL: updated ELN recommendations. Blood "
    "2019;133:1630-43, Table 1 recs 1.1-1.9",
    "Blood 133(15):1630",
    "R",
)
ELNAPLT3 = _source(
    "ELNAPLT3",
    "ELN APL recommendations, Table 3 special situations, recs 3.1-3.11 (ASH view-"
    "large 8133899; 2009 or 2019 edition not determined)",
    "Blood 113:1875 or 133:1630",
    "R",
)
APLAC25 = _source(
    "APLAC25",
    "APL Asian Consortium: frontline arsenic and early death. Blood Adv 2025;9(4):862",
    "NCT04251754",
    "R",
)
APL2012 = _source(
    "APL2012",
    "Chen L et al. APL2012 trial, arsenic replacing/reducing chemotherapy. PNAS 2021",
    "PMID 33495363; DOI 10.1073/pnas.2020382118",
    "R",
)
APLSEER = _source(
    "APLSEER",
    "Early death rate in APL, SEER 1992-2007. Blood 2011;118:1248",
    "Blood 118(5):1248",
    "R",
)
ATOLABEL = _source(
    "ATOLABEL",
    "Arsenic trioxide US prescribing information (boxed warning; sections 2, 5.2)",
    "US label",
    "R",
)
ELN22 = _source(
    "ELN22",
    "Dohner H et al. AML in adults, 2022 ELN recommendations. Blood 2022;140:1345-77,"
    " table of options when not suitable for intensive chemotherapy",
    "Blood 140(12):1345; ASH view-large 10723214",
    "R",
)
ELN17 = _source(
    "ELN17",
    "Dohner H et al. AML in adults, 2017 ELN recommendations. Blood 2017;129:424-47",
    "Blood 129(4):424",
    "R",
)
ELN10 = _source(
    "ELN10",
    "Dohner H et al. AML in adults, ELN 2010. Blood 2010;115:453-74",
    "DOI 10.1182/blood-2009-07-235358",
    "R",
)
ESMO20 = _source(
    "ESMO20",
    "Heuser M et al. AML in adult patients: ESMO guideline. Ann Oncol 2020",
    "id unverified: DOI 10.1016/j.annonc.2020.02.018",
    "S",
)
ASH20 = _source(
    "ASH20",
    "Sekeres MA et al. ASH 2020 guideline, newly diagnosed AML in older adults. Blood"
    " Adv 2020;4:3528-49",
    "PMID 32761235; DOI 10.1182/bloodadvances.2020001920",
    "R",
)
ASH25 = _source(
    "ASH25",
    "Sekeres MA et al. ASH 2025 guideline, newly diagnosed AML in older adults. Blood"
    " Adv, Dec 2025",
    "DOI 10.1182/bloodadvances.2025017934",
    "R",
)
VIALEA = _source(
    "VIALEA",
    "DiNardo CD et al. VIALE-A, azacitidine +/- venetoclax. NEJM 2020; final analysis ASH abstract",
    "NCT02993523",
    "R",
)
VIALEC = _source(
    "VIALEC",
    "Wei AH et al. VIALE-C, low-dose cytarabine +/- venetoclax. Blood 2020",
    "manufacturer trial-design page",
    "R",
)
AZAAML = _source(
    "AZAAML",
    "Dombret H et al. AZA-AML-001. Blood 2015;126:291-9",
    "PMID 25987659; NCT01074047",
    "R",
)
FENAUX10 = _source(
    "FENAUX10",
    "Fenaux P et al. Azacitidine v conventional care, AML 20-30% blasts. J Clin Oncol"
    " 2010;28:562-9",
    "id unverified: PMID 20026804",
    "S",
)
DACO16 = _source(
    "DACO16",
    "Kantarjian HM et al. DACO-016 decitabine v choice. J Clin Oncol 2012",
    "PMID 22689805; DOI 10.1200/JCO.2011.38.9429",
    "R",
)
SHORT19 = _source(
    "SHORT19",
    "Short NJ et al. Decitabine 5-day v 10-day, randomised phase 2. Lancet Haematol 2019",
    "Lancet Haematol, online 10 Dec 2018",
    "R",
)
BURNETT07 = _source(
    "BURNETT07",
    "Burnett AK et al. Low-dose cytarabine v hydroxyurea +/- ATRA. Cancer 2007;109:1114-24",
    "DOI 10.1002/cncr.22496",
    "R",
)
AZAWBC = _source(
    "AZAWBC",
    "Azacitidine in AML with >/<30% blasts; WBC >=15 adverse for OS. Leuk Res 2013;37:877-82",
    "PMID 23628552",
    "R",
)
BORIES14 = _source(
    "BORIES14",
    "Bories P et al. Intensive chemotherapy, azacitidine or supportive care in older "
    "AML. Am J Hematol 2014;89:E244-52",
    "Am J Hematol 89:E244",
    "R",
)
KANT10 = _source(
    "KANT10",
    "Intensive chemotherapy in AML age >=70: 8-week mortality model. Blood 2010;116:4422",
    "Blood 116(22):4422",
    "R",
)
DACOSUB = _source(
    "DACOSUB",
    "DACO-016 subgroup/multivariate analysis. BMC Cancer 2014;14:69",
    "BMC Cancer 14:69",
    "R",
)
CORN12 = _source(
    "CORN12",
    "Cornelissen JJ et al. ELN AML WP consensus on alloHSCT, integrated-risk "
    "approach. Nat Rev Clin Oncol 2012;9:579-90",
    "DOI 10.1038/nrclinonc.2012.150",
    "R",
)
CORN16 = _source(
    "CORN16",
    "HSCT for AML in first remission. Blood 2016;127:62-70, Table 1",
    "Blood 127(1):62; view-large 7501740",
    "R",
)
SALIDAC = _source(
    "SALIDAC",
    "Intermediate v high-dose cytarabine consolidation, SAL registry",
    "PMC10349710",
    "R",
)
BLAST18 = _source(
    "BLAST18",
    "Gokbuget N et al. Blinatumomab for MRD in adult BCP-ALL (BLAST). Blood 2018;131:1522-31",
    "NCT01207388",
    "R",
)
TOWER17 = _source(
    "TOWER17",
    "Kantarjian H et al. Blinatumomab v chemotherapy, advanced ALL (TOWER). NEJM 2017;376:836-47",
    "DOI 10.1056/NEJMoa1609783",
    "R",
)
E1910 = _source(
    "E1910",
    "Litzow MR et al. Blinatumomab for MRD-negative ALL (E1910). NEJM 2024;391:320-33",
    "PMID 39047240; DOI 10.1056/NEJMoa2312948",
    "R",
)
EWALLPH = _source(
    "EWALLPH",
    "Rousselot P et al. Dasatinib + low-intensity chemotherapy, EWALL-PH-01. Blood 2016;128:774-82",
    "Blood 128(6):774",
    "R",
)
LAL1205 = _source(
    "LAL1205",
    "Foa R et al. Dasatinib + steroids first line (GIMEMA LAL1205). Blood 2011;118:6521-8",
    "NCT00391989",
    "R",
)
PHCMR22 = _source(
    "PHCMR22",
    "Allogeneic transplant for adult Ph+ ALL in complete molecular remission. Blood 2022;140:2101",
    "Blood 140(20):2101",
    "R",
)
PHASH22 = _source(
    "PHASH22",
    "Ph+ ALL in 2022: is there an optimal approach? Hematology ASH Educ Program 2022;206",
    "Hematology 2022(1):206",
    "R",
)
ALLHR11 = _source(
    "ALLHR11",
    "Ribera JM et al. Chemotherapy or alloHSCT in high-risk Ph-negative adult ALL "
    "(ALL-HR-11). Blood 2021;137:1879",
    "NCT01540812",
    "R",
)
EWALLHCT = _source(
    "EWALLHCT",
    "Giebel S et al. EWALL/EBMT position statement, HSCT in Ph-negative ALL CR1. Bone"
    " Marrow Transplant 2018/19",
    "DOI 10.1038/s41409-018-0373-4",
    "R",
)
PAVLU19 = _source(
    "PAVLU19",
    "Pavlu J et al. MRD at myeloablative alloHSCT in adult ALL, 2780 patients. J "
    "Hematol Oncol 2019;12:108",
    "PMID 31647022; DOI 10.1186/s13045-019-0790-x",
    "R",
)
AALL1231 = _source(
    "AALL1231",
    "Teachey DT et al. COG AALL1231, T-ALL/T-LL. J Clin Oncol 2022; risk groups in "
    "Blood 2021;138(S1):3487",
    "PMID 35271306; DOI 10.1200/JCO.21.02678",
    "R",
)
CNSTALL = _source(
    "CNSTALL",
    "CNS status in T-ALL, AALL0434 + AALL1231. Blood 2023;141:1802",
    "Blood 141(15):1802",
    "R",
)
PDQBALL = _source(
    "PDQBALL",
    "NCI PDQ childhood ALL risk groups (B-precursor: NCI age/WBC, genetics, day-8 and day-29 MRD)",
    "PDQ",
    "R",
)
MAYO18 = _source(
    "MAYO18",
    "Miller KC et al. Elderly ALL, Mayo series n=124. Leuk Lymphoma 2018",
    "DOI 10.1080/10428194.2018.1509318",
    "R",
)
GOK13 = _source(
    "GOK13",
    "Gokbuget N. How I treat older patients with ALL. Blood 2013;122:1366",
    "Blood 122(8):1366",
    "R",
)
ULM94 = _source(
    "ULM94",
    "Spath-Schwalbe E et al. ALL age >=60, 29 patients. Ann Hematol 1994;69:291-6",
    "DOI 10.1007/BF01696557",
    "R",
)
ROSKO17 = _source(
    "ROSKO17",
    "Rosko A et al. RIC allograft, older B-ALL. Am J Hematol 2017;92:42-9",
    "PMID 27712033; DOI 10.1002/ajh.24575",
    "R",
)
NCCNALL = _source(
    "NCCNALL",
    "NCCN ALL guideline (v2.2020 and v1.2022 title pages; older-adult and pediatric "
    "sections not read)",
    "NCCN",
    "R",
)
BSHTLS15 = _source(
    "BSHTLS15",
    "Jones GL et al. BCSH tumour lysis guideline. Br J Haematol 2015;169:661-71",
    "PMID 25876990; DOI 10.1111/bjh.13403",
    "R",
)
CAIRO10 = _source(
    "CAIRO10",
    "Cairo MS et al. TLS risk and prophylaxis, expert panel. Br J Haematol 2010;149:578-86",
    "PMID 20331465; DOI 10.1111/j.1365-2141.2010.08143.x",
    "R",
)
CB04 = _source(
    "CB04",
    "Cairo MS, Bishop M. TLS classification. Br J Haematol 2004;127:3-11, with Howard"
    " 2011 modification",
    "PMID 15384972; DOI 10.1111/j.1365-2141.2004.05094.x",
    "R",
)
TOSI08 = _source(
    "TOSI08",
    "Tosi P et al. Italian consensus conference on TLS. Haematologica 2008",
    "haematologica article 5112",
    "R",
)
GOLDMAN01 = _source(
    "GOLDMAN01",
    "Goldman SC et al. Rasburicase v allopurinol RCT. Blood 2001",
    "PMID 11342423",
    "S",
)
RASLABEL = _source(
    "RASLABEL",
    "Rasburicase US prescribing information (boxed warning: hypersensitivity, G6PD "
    "hemolysis, methemoglobinemia, assay interference)",
    "US label",
    "R",
)
HULABEL = _source(
    "HULABEL",
    "Hydroxyurea capsules US prescribing information (2.1 lesser of actual/ideal "
    "weight; 2.3 halve dose if CrCl <60; 5.4 embryo-fetal)",
    "US label",
    "R",
)
VENLABEL = _source(
    "VENLABEL",
    "Venetoclax US prescribing information (AML; TLS 1.1% VIALE-A, 5.6% VIALE-C; "
    "P-gp/CYP3A dose cuts)",
    "US label; PMC8785772 Table 2 (WBC <10-25 before start)",
    "R",
)
AABB15 = _source(
    "AABB15",
    "Kaufman RM et al. AABB platelet transfusion guideline. Ann Intern Med 2015;162:205-13",
    "DOI 10.7326/M14-1589",
    "R",
)
AABB25 = _source(
    "AABB25",
    "Metcalf RA et al. AABB/ICTMG platelet transfusion guideline. JAMA 2025",
    "JAMA 2025 (id not seen)",
    "S",
)
CITRATE = _source(
    "CITRATE",
    "Anticoagulation techniques in apheresis: citrate toxicity",
    "PMC3366026",
    "R",
)
AAN09 = _source(
    "AAN09",
    "Miller RG et al. AAN practice parameter ALS: drug, nutritional, respiratory. "
    "Neurology 2009;73:1218-26",
    "PMID 19822872",
    "R",
)
NIVCRIT = _source(
    "NIVCRIT",
    "Aboussouan LS, Mireles-Cabodevila E. Respiratory support in ALS. Respir Care "
    "2013;58:1555 (FVC<50%, MIP<60, SpO2<=88% for 5 min, PaCO2>45; AAN adds SNP<40, "
    "orthopnea)",
    "Respir Care 58(9):1555",
    "R",
)
NG42 = _source(
    "NG42",
    "NICE NG42 Motor neurone disease",
    "NG42",
    "R",
)
PUPILLO14 = _source(
    "PUPILLO14",
    "Pupillo E et al. Long-term survival in ALS: 1/5/10-year 76.2/23.4/11.8%. Ann "
    "Neurol 2014;75:287-97",
    "DOI 10.1002/ana.24096",
    "R",
)
MATEEN10 = _source(
    "MATEEN10",
    "Mateen FJ et al. >=5-year survivors 14%, Olmsted County. JNNP 2010;81:1144-6",
    "PMID 20627966",
    "R",
)
KNIBB16 = _source(
    "KNIBB16",
    "Knibb JA et al. Predicting survival in ALS. JNNP 2016;87:1361-7",
    "PMID 27378085",
    "R",
)
RILUZOLE = _source(
    "RILUZOLE",
    "Riluzole prescribing information (neutropenia, hepatic injury, ILD; CYP1A2 "
    "inhibitors; hepatotoxic co-medication)",
    "label mirrors",
    "R",
)
NUEDEXTA = _source(
    "NUEDEXTA",
    "Dextromethorphan/quinidine prescribing information (QT, thrombocytopenia, CYP2D6)",
    "manufacturer page",
    "R",
)
TOFERSEN = _source(
    "TOFERSEN",
    "Tofersen prescribing information (100 mg intrathecal by LP, monthly maintenance)",
    "label mirrors",
    "R",
)
VCRCMT = _source(
    "VCRCMT",
    "Graf WD et al. Severe vincristine neuropathy in CMT1A. Cancer 1996;77:1356-62; "
    "Cavaletti G et al. 2023 review",
    "PMID 8608515",
    "R",
)
NELBLIN = _source(
    "NELBLIN",
    "Nelarabine boxed neurologic warning; blinatumomab neurotoxicity (about 65%, "
    "grade >=3 about 13%)",
    "US labels",
    "R",
)
SPURIOUS = _source(
    "SPURIOUS",
    "Spurious laboratory values in leukocytosis (Crit Care Nurs Q 2019; Ann Clin "
    "Biochem 2010;47:179)",
    "PMID 20144973",
    "R",
    # It explains values that look wrong; the rules that cite it first are rules of design.
    primary=False,
)
GCSFPI = _source(
    "GCSFPI",
    "Filgrastim/pegfilgrastim product information (not in CML, MDS, secondary AML; "
    "not 14 d before to 24 h after chemotherapy; stop if leukocytes >50 x10^9/L)",
    "product information (MIMS)",
    "R",
)
ELJAW21 = _source(
    "ELJAW21",
    "El-Jawahri A et al. Integrated palliative and oncology care in AML, RCT n=160. "
    "JAMA Oncol 2021;7:238-45",
    "PMID 33331857; DOI 10.1001/jamaoncol.2020.6343",
    "R",
)
TLP00 = _source(
    "TLP00",
    "Gajjar A et al. Traumatic LP at diagnosis in childhood ALL. Blood 2000;96:3381 "
    "(author unverified)",
    "Blood 96(10):3381",
    "R",
)
CCCG21 = _source(
    "CCCG21",
    "CNS control in childhood ALL, CCCG-ALL-2015: prephase dexamethasone, delayed "
    "intrathecal. Blood 2021;138:331",
    "Blood 138(4):331",
    "R",
)
KPSECOG = _source(
    "KPSECOG",
    "Prasad KT et al. Interconversion of KPS and ECOG. World J Clin Oncol 2018;9:140-7",
    "PMID 30425939; DOI 10.5306/wjco.v9.i7.140",
    "R",
)
OVERRIDE = _source(
    "OVERRIDE",
    "Poly TN et al. Appropriateness of overridden alerts, systematic review. JMIR Med"
    " Inform 2020;8(7):e15653",
    "PMID 32706721; DOI 10.2196/15653",
    "R",
)
UTDHL = _source(
    "UTDHL",
    "UpToDate hyperleukocytosis topic (mirror): untreated leukostasis one-week "
    "mortality about 20-40%",
    "UpToDate mirror",
    "S",
)
ALSLEUK = _source(
    "ALSLEUK",
    "Search for ALS with acute leukemia: only an ALS-with-CML case report and "
    "ALS/lymphoproliferative series found",
    "search, no primary study",
    "R",
)
READING = _source(
    "READING",
    "Direct reading of the guideline summaries of 2026-01-05",
    "the summaries themselves",
    "R",
    primary=False,
)
PPOVEN = _source(
    "PPOVEN",
    "Optimising venetoclax in AML, Table 2. Cancer J 2022;28:2-13",
    "PMC8785772; DOI 10.1097/PPO.0000000000000567",
    "R",
)
HLEARLY = _source(
    "HLEARLY",
    "AML with hyperleukocytosis: risk factors for early mortality in induction, 85 "
    "patients (journal/year not shown in the record read)",
    "scilit record",
    "R",
)
FITNESS = _source(
    "FITNESS",
    "Geriatric perspective: fitness for chemotherapy. Hematology ASH Educ Program "
    "2014;8; UpToDate mirror on unfit AML",
    "Hematology 2014(1):8",
    "R",
)

BY_KEY = {value.key: value for value in list(globals().values()) if isinstance(value, Evidence)}
